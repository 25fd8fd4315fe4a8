"""The dictionary against a heap that asks the model for one string at a time."""

import heapq

import numpy as np
import pytest

from pipelines.codecs.entropy import dense_dictionary as module
from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.entropy.dense_dictionary import dense_dictionary, most_probable
from pipelines.codecs.entropy.walker import Walker
from pipelines.contracts.byte_model import NextByteFn

SINGLE = [bytes([byte]) for byte in range(256)]


def slow_most_probable(predict: NextByteFn, entries: int) -> list[bytes]:
    """Takes the most probable string off a heap and puts its 256 continuations on it, again and again."""
    chosen: list[bytes] = []
    heap = [(-1.0, b"")]
    while len(chosen) < entries - 256:
        chance, text = heapq.heappop(heap)
        if len(text) > 1:
            chosen.append(text)
        for byte, count in enumerate(np.diff(quantized_cdf(predict([text]))[0]).tolist()):
            heapq.heappush(heap, (chance * (count / TOTAL), text + bytes([byte])))
    return SINGLE + chosen


def slow_encode(text: bytes, strings: list[bytes]) -> list[int]:
    number = {string: place for place, string in enumerate(strings)}
    codes, at = [], 0
    while at < len(text):
        end = max(end for end in range(at + 1, min(len(text), at + 60) + 1) if text[at:end] in number)
        codes.append(number[text[at:end]])
        at = end
    return codes


@pytest.mark.parametrize("entries", [256, 257, 300, 1500])
def test_it_holds_the_most_probable_strings(predict: NextByteFn, entries: int) -> None:
    assert most_probable(predict, entries) == slow_most_probable(predict, entries)


def test_batches_of_any_size_give_the_same_strings(predict: NextByteFn, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = most_probable(predict, 700)
    monkeypatch.setattr(module, "BATCH", 50)
    assert most_probable(predict, 700) == whole


def test_texts_are_parsed_by_longest_match_and_nothing_is_lost(predict: NextByteFn, samples: list[bytes]) -> None:
    strings = most_probable(predict, 1000)
    walker = Walker(dense_dictionary(predict, 1000))
    for text, codes in zip(samples, walker.encode(samples), strict=True):
        assert codes.tolist() == slow_encode(text, strings)
        assert walker.decode(codes) == text


def test_equally_probable_strings_are_ordered_as_bytes() -> None:
    def two_letters(contexts: list[bytes]) -> np.ndarray:
        return np.tile(np.where(np.isin(np.arange(256), [97, 98]), 0.45, 0.1 / 254), (len(contexts), 1))

    assert most_probable(two_letters, 259)[256:] == [b"aa", b"ab", b"ba"]
