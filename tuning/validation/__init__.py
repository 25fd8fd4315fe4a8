"""Validation: whether the scores of a run say which text helps, before money is spent on them."""
