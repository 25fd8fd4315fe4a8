"""What can be read off a batch of texts without making a Python object of any of them.

An Arrow string array is bytes and offsets. Here those two go into compiled loops and come out as counts and shares, one
per text. There is one notion of each thing: `classes` says what a character is (white space is what `str.isspace`
says), `words` what a word is, `sentences` where a sentence ends, `folding` which texts are equal, `mixing` and
`hashing` how a hash is made. In scripts that are written without spaces (Chinese, Japanese, Thai, Lao, Myanmar, Khmer)
a letter is a word. The limits of published quality filters are about runs, which is what stands between white space, so
`characters`, `repeats` and `scrambles` count those. A line ends at a line feed, a paragraph is a run of lines with
words. Modules that compile import numba at the top, so a component imports them inside `open()`.
"""
