"""Checks of rewrites: functions from original and rewrite to a number that a rewriter sets a limit to."""
