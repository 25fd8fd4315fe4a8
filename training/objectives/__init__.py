"""Objectives, one a file: which tokens of a sequence a network is asked for, and from what it has to tell them."""
