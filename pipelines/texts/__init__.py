r"""What can be read off a batch of texts without making a Python object of any of them.

An Arrow string array is bytes and offsets. Here those two go into compiled loops and come out as counts and shares, one
per text. A word is a maximal run of characters that are no whitespace (as `str.split` sees it), a line ends at `\n`, a
paragraph is a run of lines that hold words, and a character is a Unicode code point that is no whitespace. Modules that
compile import numba at the top, so a component imports them inside `open()`.
"""
