"""Entropy coding in whole numbers: probabilities become integers once, and nothing after that can round differently.

`cdf` makes the integers, `intervals` narrows [0, 1) by them, `equal_windows` and `dense_dictionary` run a byte model
over all the strings that a token can stand for, `codebook` keeps the result in a file, `walker` encodes and decodes
with it in compiled loops. Only the two builders ever ask the byte model then. Larger windows ask it as texts come:
`growing_trie` once for each string, `stepwise_windows` for each byte of many `readings`. Whole documents need it for
every byte as well: `document_reading` asks it, `range_coder` makes one number of a document. `packing` cuts bits into
tokens. `statistics` and `stability` measure what came out.
"""
