"""Cuts a text between sentences into pieces that a model reads at once; the pieces joined are the text.

There is no tokenizer here, so tokens are estimated from bytes. White space belongs to the end of the piece before
it and has no size, so that no piece is blank.
"""

import itertools
import math
import re

BYTES_PER_TOKEN = 4  # English prose under the byte-pair vocabularies of 32k to 150k entries that chat models have

SPACE_RUN = re.compile(r"\s+")


def estimated_tokens(text: str) -> int:
    """About how many tokens a chat model's vocabulary makes of the text, white space around it not counted."""
    return math.ceil(len(text.strip().encode()) / BYTES_PER_TOKEN)


def chunks(text: str, most_tokens: int | None) -> list[str]:
    """The text in runs of whole sentences of at most `most_tokens` estimated tokens, of about the same size each.

    Sentences are those of `sentences`, and every line break ends one: a line is a good place to cut, wrapped or not.
    None leaves the text whole. A longer sentence is cut between words, a longer word between characters. Joined the
    chunks are the text; none is blank, and a blank text has none.
    """
    if most_tokens is None:
        return [text] if text.strip() else []
    from pipelines.texts.sentences import sentences_and_lines

    parts = [part for sentence in sentences_and_lines(text) for part in _fitting(sentence, most_tokens)]
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
    return [piece for word in _words(sentence) for piece in _broken(word, most_tokens)]


def _broken(word: str, most_tokens: int) -> list[str]:
    """A word in pieces of so many characters that even 4-byte ones fit; a word that fits stays whole."""
    if estimated_tokens(word) <= most_tokens:
        return [word]
    body = word.rstrip()
    start = len(body) - len(body.lstrip())
    pieces = [body[at : at + most_tokens] for at in range(start, len(body), most_tokens)]
    return [body[:start] + pieces[0], *pieces[1:-1], pieces[-1] + word[len(body) :]]


def _words(text: str) -> list[str]:
    """The text cut behind every run of white space; white space at its start belongs to the first word."""
    first_character = len(text) - len(text.lstrip())
    ends = [match.end() for match in SPACE_RUN.finditer(text, first_character) if match.end() < len(text)]
    return [text[begin:stop] for begin, stop in zip([0, *ends], [*ends, len(text)], strict=True)]
