"""Windows of any size against the slow coder that asks the model for every byte by itself, in fractions."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.entropy.equal_windows import Rule
from pipelines.codecs.entropy.stepwise_windows import SEGMENT_WINDOWS, Reset, StepwiseWindows
from pipelines.contracts.byte_model import NextByte

RULES: list[Rule] = ["greedy", "delay"]
SHAPES: list[tuple[int, Reset]] = [
    (16, "window"),
    (16, "every_other"),
    (16, "never"),
    (24, "window"),
    (32, "every_other"),
    (64, "window"),
    (128, "every_other"),
    (128, "never"),
]
shapes = pytest.mark.parametrize(("bits", "reset"), SHAPES)
rules = pytest.mark.parametrize("rule", RULES)
texts = st.binary(max_size=20) | st.text("The cat rains. ", max_size=40).map(str.encode)


def numbers(stream: bytes, bits: int) -> list[int]:
    size = bits // 8
    return [int.from_bytes(stream[at : at + size], "big") for at in range(0, len(stream), size)]


def slow_encode(text: bytes, model: NextByte, bits: int, rule: Rule, reset: Reset) -> list[int]:
    """The windows of a text as the paper prints the algorithm, the context of each beginning at the last reset."""
    codes: list[int] = []
    at = begin = 0
    while at < len(text):
        begin = at if len(codes) % SEGMENT_WINDOWS[reset] == 0 else begin
        end = at + 1 if rule == "delay" and text[at] == 0 else len(text)  # a zero byte stays alone
        fits = list(codes_that_fit(text[begin:at], text[at:end], model, bits))
        codes.append(fits[-1])
        at += len(fits) if rule == "greedy" else fits.index(fits[-1]) + 1
    return codes


def codes_that_fit(context: bytes, text: bytes, model: NextByte, bits: int) -> Iterator[int]:
    """The filled-up bits of the first byte, the first two bytes, and so on, as long as they fit into a window."""
    low, width = Fraction(0), Fraction(1)
    for place, byte in enumerate(text):
        low, width = part(low, width, byte, context + text[:place], model)
        code = filled_up(low, width, bits)
        if code is None:
            break
        yield code


def part(low: Fraction, width: Fraction, byte: int, context: bytes, model: NextByte) -> tuple[Fraction, Fraction]:
    first, last = quantized_cdf(model.predict([context]))[0][byte : byte + 2].tolist()
    return low + width * Fraction(first, TOTAL), width * Fraction(last - first, TOTAL)


def filled_up(low: Fraction, width: Fraction, bits: int) -> int | None:
    for length in range(bits + 1):
        if Fraction(ceil(low * 2**length) + 1, 2**length) <= low + width:
            return ceil(low * 2**length) << (bits - length)
    return None


def slow_decode(codes: list[int], model: NextByte, bits: int, rule: Rule, reset: Reset) -> bytes:
    """All strings that hold a window's number are tried, the model being asked for every one from the last reset on."""
    text, begin = b"", 0
    for number, code in enumerate(codes):
        begin = len(text) if number % SEGMENT_WINDOWS[reset] == 0 else begin
        same = [string for string, its in holding(text[begin:], Fraction(code, 2**bits), model, bits) if its == code]
        text += same[-1] if rule == "greedy" else same[0]
    return text


def holding(context: bytes, point: Fraction, model: NextByte, bits: int) -> Iterator[tuple[bytes, int]]:
    """The strings that fit into a window and whose interval holds the point, with their filled-up bits."""
    string, low, width = b"", Fraction(0), Fraction(1)
    while True:
        cdf = quantized_cdf(model.predict([context + string]))[0].tolist()
        byte = next(b for b in range(256) if point < low + width * Fraction(cdf[b + 1], TOTAL))
        low, width = part(low, width, byte, context + string, model)
        string, code = string + bytes([byte]), filled_up(low, width, bits)
        if code is None:
            return
        yield string, code


@shapes
@rules
def test_fixed_texts_are_encoded_as_byte_by_byte(mindful, samples, bits: int, reset: Reset, rule: Rule) -> None:
    chosen = [text[:40] for text in samples]
    streams = StepwiseWindows(mindful, bits, rule, reset, rows=4).encode(chosen)
    assert [numbers(stream, bits) for stream in streams] == [
        slow_encode(text, mindful, bits, rule, reset) for text in chosen
    ]


@shapes
@rules
@given(text=texts)
@settings(max_examples=6)
def test_any_text_is_encoded_and_decoded_as_byte_by_byte(mindful, bits, reset, rule: Rule, text: bytes) -> None:
    windows = StepwiseWindows(mindful, bits, rule, reset, rows=3)
    stream = windows.encode([text])[0]
    codes = slow_encode(text, mindful, bits, rule, reset)
    assert numbers(stream, bits) == codes
    try:
        expected = slow_decode(codes, mindful, bits, rule, reset)
    except IndexError:  # behind a window that was read as too much the context is wrong, and no text may be left
        with pytest.raises(ValueError, match="stands for no text"):
            windows.decode([stream])
    else:
        assert windows.decode([stream]) == [expected]


@shapes
@given(batch=st.lists(texts, max_size=6))
@settings(max_examples=15)
def test_delay_loses_nothing(mindful, bits: int, reset: Reset, batch: list[bytes]) -> None:
    windows = StepwiseWindows(mindful, bits, "delay", reset, rows=3)
    assert windows.decode(windows.encode(batch)) == batch


@rules
def test_windows_of_16_bits_are_those_of_the_codebook(learned, walkers, samples, rule: Rule) -> None:
    walker, windows = walkers[rule], StepwiseWindows(learned, 16, rule, "window", 5)
    streams = windows.encode(samples)
    codes = [codes.tolist() for codes in walker.encode(samples)]
    assert [numbers(stream, 16) for stream in streams] == codes
    assert windows.decode(streams) == [walker.decode(each) for each in codes]


@pytest.mark.parametrize(("bits", "reset"), SHAPES[1::3])
def test_rows_change_nothing(mindful, samples, bits: int, reset: Reset) -> None:
    every = [StepwiseWindows(mindful, bits, "delay", reset, rows) for rows in (1, 2, 100)]
    streams = [windows.encode(samples[:5]) for windows in every]
    assert streams[0] == streams[1] == streams[2]
    assert all(windows.decode(streams[0]) == samples[:5] for windows in every)


def test_a_reset_makes_windows_independent(mindful, samples) -> None:
    text = samples[0]
    codes = {reset: StepwiseWindows(mindful, 16, "delay", reset, 1).encode([text])[0] for reset in SEGMENT_WINDOWS}
    assert len(set(codes.values())) == 3
    assert codes["window"][:2] == codes["every_other"][:2] == codes["never"][:2]
    for reset, size in (("window", 2), ("every_other", 4)):
        pieces = [codes[reset][at : at + size] for at in range(0, len(codes[reset]), size)]
        assert b"".join(StepwiseWindows(mindful, 16, "delay", reset, 7).decode(pieces)) == text


def test_a_window_never_holds_less_under_greedy_than_under_delay(mindful, samples) -> None:
    greedy, delay = (StepwiseWindows(mindful, 24, rule, "window", 9).encode(samples) for rule in RULES)
    assert all(len(one) <= len(other) for one, other in zip(greedy, delay, strict=True))


@pytest.mark.parametrize("reset", SEGMENT_WINDOWS)
@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_window_that_no_text_has_is_refused_with_its_number(mindful, samples, number: int, reset: Reset) -> None:
    windows = StepwiseWindows(mindful, 24, "delay", reset, 2)
    stream = windows.encode([samples[0]])[0]
    before = windows.decode([stream[: number // SEGMENT_WINDOWS[reset] * SEGMENT_WINDOWS[reset] * 3]])[0]
    context = windows.decode([stream[: 3 * number]])[0][len(before) :]
    codes = np.random.default_rng(0).integers(0, 2**24, 20).tolist()
    known = {code: [its for _, its in holding(context, Fraction(code, 2**24), mindful, 24)] for code in codes}
    wrong = next(code for code in codes if code not in known[code])
    broken = stream[: 3 * number] + wrong.to_bytes(3, "big") + stream[3 * number + 3 :]
    with pytest.raises(ValueError, match=f"window {number} is {wrong:#x}, which stands for no text"):
        windows.decode([stream, broken])
