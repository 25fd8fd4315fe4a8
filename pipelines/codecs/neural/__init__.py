"""A byte Transformer in whole numbers, so that an encoder and a decoder can never disagree about it.

A network in floats gives other last digits on another machine, in another batch, in another order of additions, and one
other digit makes a compressed text unreadable. Here every weight and activation is a whole multiple of a power of two
with so few bits that every sum and product is exact in a 64-bit float. Additions then commute, whatever the matrix
library; what is left (division, square root, rounding) is one IEEE operation a number, the same everywhere.
Exponentials come from a table that is made of integers.

`shape` is the layout that training writes and `weights` rounds, `rows` runs it byte by byte, `exponential` is the
table.
"""
