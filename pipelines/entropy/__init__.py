"""Entropy coding in whole numbers: probabilities become integers once, and nothing after that can round differently.

`cdf` makes the integers, `intervals` narrows [0, 1) by them, `equal_windows` and `dense_dictionary` run a byte model
over all the strings that a token can stand for, `codebook` keeps the result in a file, `walker` encodes and decodes
with it in compiled loops, `packing` cuts bits into tokens. Only the two builders ever ask the byte model.
"""
