"""Cuts a text between sentences into pieces that a model reads at once; the pieces joined are the text.

There is no tokenizer here, so tokens are estimated from bytes. White space belongs to the end of the piece before
it and has no size, so that no piece is blank.
"""

import itertools
import math
import re

BYTES_PER_TOKEN = 4  # English prose under the byte-pair vocabularies of 32k to 150k entries that chat models have

# A sentence ends at stops, with the quotes and brackets that close behind them, before white space and no lower-case
# letter; or at a line break. The stops of initials and of the commonest titles end none. Linear in any text:
# a run of stops is entered at its start only, and no part backtracks (`++`).
SENTENCE_END = re.compile(
    r"""(?<![.!?…])(?<!\b[A-Z])(?<!\b(?:Mr|Dr|Ms|St|Jr|vs))(?<!\bMrs)[.!?…]++["'”’»)\]]*+\s++(?![a-z])"""
    r"|[。！？]++[”’」』]*+\s*+|\n\s*+"
)
SPACE_RUN = re.compile(r"\s+")


def estimated_tokens(text: str) -> int:
    """About how many tokens a chat model's vocabulary makes of the text, white space around it not counted."""
    return math.ceil(len(text.strip().encode()) / BYTES_PER_TOKEN)


def sentences(text: str) -> list[str]:
    """The sentences or lines of the text with the white space behind them; joined they are the text, none is blank.

    White space at the start of the text belongs to its first sentence. A blank text has no sentences.
    """
    return _cut(text, SENTENCE_END)


def chunks(text: str, most_tokens: int | None) -> list[str]:
    """The text in runs of whole sentences of at most `most_tokens` estimated tokens, of about the same size each.

    None leaves the text whole. A longer sentence is cut between words, a longer word between characters. Joined the
    chunks are the text; none is blank, and a blank text has none.
    """
    if most_tokens is None:
        return [text] if text.strip() else []
    parts = [part for sentence in sentences(text) for part in _fitting(sentence, most_tokens)]
    sizes = [estimated_tokens(part) for part in parts]
    fewest = len(_groups(sizes, most_tokens, most_tokens))
    even = math.ceil(sum(sizes) / max(fewest, 1))
    return ["".join(parts[begin:end]) for begin, end in _groups(sizes, even, most_tokens)]


def _groups(sizes: list[int], enough: int, most: int) -> list[tuple[int, int]]:
    """Begin and end of runs of parts, each closed when it has `enough`, or before it would have more than `most`."""
    begins: list[int] = []
    filled = 0
    for part, size in enumerate(sizes):
        if not begins or filled >= enough or filled + size > most:
            begins.append(part)
            filled = 0
        filled += size
    return list(itertools.pairwise([*begins, len(sizes)]))


def _fitting(sentence: str, most_tokens: int) -> list[str]:
    """The sentence in pieces of at most `most_tokens`, cut between words where it can be."""
    if estimated_tokens(sentence) <= most_tokens:
        return [sentence]
    return [piece for word in _cut(sentence, SPACE_RUN) for piece in _broken(word, most_tokens)]


def _broken(word: str, most_tokens: int) -> list[str]:
    """A word in pieces of so many characters that even 4-byte ones fit; a word that fits stays whole."""
    if estimated_tokens(word) <= most_tokens:
        return [word]
    body = word.rstrip()
    start = len(body) - len(body.lstrip())
    pieces = [body[at : at + most_tokens] for at in range(start, len(body), most_tokens)]
    return [body[:start] + pieces[0], *pieces[1:-1], pieces[-1] + word[len(body) :]]


def _cut(text: str, end: re.Pattern[str]) -> list[str]:
    """The text cut behind every match of `end`, blank pieces joined to the one after them."""
    first_character = len(text) - len(text.lstrip())
    if first_character == len(text):
        return []
    ends = [match.end() for match in end.finditer(text, first_character) if match.end() < len(text)]
    return [text[begin:stop] for begin, stop in zip([0, *ends], [*ends, len(text)], strict=True)]
