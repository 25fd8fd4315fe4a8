"""Held-out text in tokens, and the windows in which it is predicted."""
