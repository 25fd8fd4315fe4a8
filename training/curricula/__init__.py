"""Curricula, one a file: the order in which sequences are trained on, as an array known beforehand."""
