"""The compiled windows against the slow coder that asks the model for every byte."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.entropy.equal_windows import Rule, equal_windows
from pipelines.contracts.byte_model import NextByteFn

BITS = 16


def slow_encode(text: bytes, predict: NextByteFn, rule: Rule) -> list[int]:
    """The windows of a text as the paper prints the algorithm: one call of the model a byte, in fractions."""
    codes, at = [], 0
    while at < len(text):
        end = at + 1 if rule == "delay" and text[at] == 0 else len(text)  # a zero byte stays alone
        fits = codes_that_fit(text[at:end], predict)
        codes.append(fits[-1])
        at += len(fits) if rule == "greedy" else fits.index(fits[-1]) + 1
    return codes


def codes_that_fit(text: bytes, predict: NextByteFn) -> list[int]:
    """The filled-up bits of the first byte, the first two bytes, and so on, as long as they fit into a window."""
    low, width, codes = Fraction(0), Fraction(1), []
    for place, byte in enumerate(text):
        first, last = quantized_cdf(predict([text[:place]]))[0][byte : byte + 2].tolist()
        low, width = low + width * Fraction(first, TOTAL), width * Fraction(last - first, TOTAL)
        lengths = [bits for bits in range(BITS + 1) if Fraction(ceil(low * 2**bits) + 1, 2**bits) <= low + width]
        if not lengths:
            break
        codes.append(ceil(low * 2 ** lengths[0]) << (BITS - lengths[0]))
    return codes


@pytest.mark.parametrize("rule", ["greedy", "delay"])
def test_fixed_texts_are_encoded_as_by_the_model(walkers, predict, samples, rule: Rule) -> None:
    assert [codes.tolist() for codes in walkers[rule].encode(samples)] == [
        slow_encode(text, predict, rule) for text in samples
    ]


@given(text=st.binary(max_size=30) | st.text("The cat rains. ", max_size=40).map(str.encode))
@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("rule", ["greedy", "delay"])
def test_any_text_is_encoded_as_by_the_model(walkers, predict, rule: Rule, text: bytes) -> None:
    assert walkers[rule].encode([text])[0].tolist() == slow_encode(text, predict, rule)


@given(text=st.binary(max_size=200) | st.text("The cat rains. ", max_size=200).map(str.encode))
@settings(deadline=None)
def test_delay_loses_nothing(walkers, text: bytes) -> None:
    assert walkers["delay"].decode(walkers["delay"].encode([text])[0]) == text


def test_greedy_reads_a_window_as_the_longest_string_with_its_bits(predict: NextByteFn) -> None:
    codebook = equal_windows(predict, BITS, "greedy")
    for code, text in codebook.meanings()[::400]:
        assert codes_that_fit(text, predict)[-1] == code
        longer = [text + bytes([byte]) for byte in range(256)]
        assert all(code not in codes_that_fit(each, predict)[len(text) :] for each in longer[::32])


def test_greedy_is_not_uniquely_decodable(predict: NextByteFn) -> None:
    codebook = equal_windows(predict, BITS, "greedy")
    assert len(np.unique(codebook.codes[1:])) < len(codebook.codes) - 1


def test_a_window_never_holds_less_under_greedy_than_under_delay(walkers, samples) -> None:
    for greedy, delay in zip(walkers["greedy"].encode(samples), walkers["delay"].encode(samples), strict=True):
        assert len(greedy) <= len(delay)


def test_batches_of_any_size_give_the_same_codebook(predict: NextByteFn, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.codecs.entropy import equal_windows as module

    whole = equal_windows(predict, 14, "delay")
    monkeypatch.setattr(module, "BATCH", 7)
    again = equal_windows(predict, 14, "delay")
    assert all((vars(whole)[name] == vars(again)[name]).all() for name in vars(whole))
