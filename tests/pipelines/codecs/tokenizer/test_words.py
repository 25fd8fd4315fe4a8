"""The words of GPT-2's pattern, against the library that runs the pattern itself."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.pre_tokenizers import ByteLevel

from pipelines.codecs.tokenizer.words import UNKNOWN, word_classes, word_end

SIGNS = ["a", "é", "漢", "1", "²", "'", "'s", "'ll", "'re", "'V", "!", "_", "\u0301", " ", "\n", "\t", "\x1c", "\x85"]
SIGNS += ["\u00a0", "\u2003", "\u200b", "\ufeff"]


def word_lengths(text: str) -> list[int]:
    data = np.frombuffer(text.encode(), np.uint8)
    ends = [0]
    while 0 <= ends[-1] < len(data):
        ends.append(word_end(data, ends[-1], len(data), word_classes()))
    return [end - begin for begin, end in itertools.pairwise(ends)]


def library_lengths(text: str) -> list[int]:
    return [len(word) for word, _ in ByteLevel(add_prefix_space=False).pre_tokenize_str(text)]


@given(st.lists(st.sampled_from(SIGNS)).map("".join))
def test_words_are_those_of_the_library(text: str) -> None:
    assert word_lengths(text) == library_lengths(text)


def test_every_assigned_character_is_what_the_library_takes_it_for() -> None:
    points = np.flatnonzero(word_classes() != UNKNOWN)
    assert len(points) > 150_000
    for block in np.array_split(points, 300):
        text = "".join(f"a{chr(point)}1{chr(point)}!{chr(point)} " for point in block if not 0xD800 <= point < 0xE000)
        assert word_lengths(text) == library_lengths(text), f"between U+{block[0]:04X} and U+{block[-1]:04X}"


def test_an_unassigned_character_is_unknown_wherever_it_stands() -> None:
    for text in ("\u0378", "a\u0378", " \u0378", "\n\u0378", "a1\U000e0041"):
        assert word_lengths(text)[-1] < 0
