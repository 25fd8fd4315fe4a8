"""The range coder against whole numbers and fractions that are never cut to a register."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.entropy.range_coder import END, FULL, LEAST, WHOLE, Decoder, encode
from pipelines.contracts.byte_model import BEGIN

Parts = list[tuple[int, int]]  # first and last integer of each symbol


def cdf_of(weights: list[float]) -> np.ndarray:
    return quantized_cdf(np.resize(np.array(weights), (1, 256)))[0]


LIKELY = cdf_of([1.0, *[1e-9] * 255])  # byte 0 has all integers but 255
CDFS = np.stack([cdf_of([1.0]), LIKELY, LIKELY[-1] - LIKELY[::-1], cdf_of([*range(1, 257)]), cdf_of([1, 1e-9, 3])])
symbols = st.tuples(st.integers(0, len(CDFS) - 1), st.sampled_from([0, 1, 127, 254, 255]) | st.integers(0, 255))
documents = st.lists(symbols, max_size=60)


def parts_of(document: list[tuple[int, int]]) -> Parts:
    return [(int(CDFS[row, byte]), int(CDFS[row, byte + 1])) for row, byte in document]


def encoded(documents: list[Parts]) -> list[bytes]:
    intervals = np.array([part for document in documents for part in document], np.int32).reshape(-1, 2)
    return encode(intervals, [len(document) for document in documents])


def fixed(cdf: np.ndarray, text: bytes) -> bytes:
    return encoded([[(int(cdf[byte]), int(cdf[byte + 1])) for byte in text]])[0]


def exact_interval(parts: Parts) -> tuple[Fraction, Fraction, int]:
    """Low end, width and bytes moved on by, END included, with a low end of as many digits as it takes."""
    low, span, size = 0, FULL, 0
    for first, last in [*parts, (TOTAL, WHOLE)]:
        assert LEAST <= span <= FULL
        below = span * first // WHOLE
        low, span = low + below, span * last // WHOLE - below
        while span < LEAST:
            low, span, size = low << 8, span << 8, size + 1
    return Fraction(low, FULL << 8 * size), Fraction(span, FULL << 8 * size), size


def exact_stream(parts: Parts) -> bytes:
    """The lowest number of so many bytes in the interval, or of one more."""
    low, width, size = exact_interval(parts)
    for bytes_written in (size, size + 1):
        number = math.ceil(low * 256**bytes_written)
        if Fraction(number, 256**bytes_written) < low + width:
            return number.to_bytes(bytes_written, "big")
    raise AssertionError("the interval is narrower than a byte")


@given(document=documents)
def test_a_stream_is_the_shortest_number_in_the_exact_interval(document: list[tuple[int, int]]) -> None:
    parts = parts_of(document)
    assert encoded([parts])[0] == (exact_stream(parts) if parts else b"")


@given(document=documents.filter(bool))
def test_the_interval_is_the_product_of_the_probabilities_but_for_its_last_digits(document) -> None:
    width = exact_interval(parts_of(document))[1]
    ideal = math.prod(Fraction(last - first, WHOLE) for first, last in [*parts_of(document), (TOTAL, WHOLE)])
    loss = Fraction(1, 2**25)
    assert (1 - loss) ** (len(document) + 1) < width / ideal < (1 + loss) ** (len(document) + 1)


@given(document=documents.filter(bool))
def test_a_stream_has_the_bits_of_its_information(document: list[tuple[int, int]]) -> None:
    bits = -sum(math.log2((last - first) / WHOLE) for first, last in [*parts_of(document), (TOTAL, WHOLE)])
    assert abs(8 * len(encoded([parts_of(document)])[0]) - bits) <= 8 + 1e-5


@given(texts=st.lists(documents, max_size=5))
def test_documents_of_any_length_are_decoded_side_by_side(texts: list[list[tuple[int, int]]]) -> None:
    streams = encoded([parts_of(text) for text in texts])
    assert streams == [encoded([parts_of(text)])[0] for text in texts]
    decoder = Decoder(streams)
    for place in range(max(map(len, texts), default=0) + 1):
        for number, text in enumerate(texts):
            if text and place <= len(text):
                row, symbol = (*text, (0, END))[place]
                assert decoder.step(number, CDFS[row]) == symbol


@given(text=st.binary(min_size=1, max_size=300), row=st.integers(0, len(CDFS) - 1))
def test_one_cdf_decodes_the_whole_text(text: bytes, row: int) -> None:
    assert Decoder([fixed(CDFS[row], text)]).rest(0, CDFS[row]) == text


def test_a_text_longer_than_a_run_comes_back() -> None:
    text = bytes(200_000)
    assert Decoder([fixed(LIKELY, text)]).rest(0, LIKELY) == text


@pytest.mark.parametrize("row", range(len(CDFS)))
def test_a_carry_runs_through_all_bytes_written(row: int) -> None:
    """Texts along the edge of a byte: up to the last symbol nobody knows whether 7f ff ff .. or 80 00 00 .. follows."""
    cdf, decoder, along = CDFS[row], Decoder([b"\x80" + bytes(60)]), bytearray()
    while len(along) < 25 or exact_interval(fixed_parts(cdf, along))[2] < 12:
        along.append(decoder.step(0, cdf))
    streams = {byte: fixed(cdf, bytes(along[:-1]) + bytes([byte])) for byte in range(256)}
    assert all(stream == exact_stream(fixed_parts(cdf, [*along[:-1], byte])) for byte, stream in streams.items())
    assert {stream[:8] for stream in streams.values()} <= {b"\x7f" + b"\xff" * 7, b"\x80" + bytes(7)}
    assert all(Decoder([stream]).rest(0, cdf) == bytes([*along[:-1], byte]) for byte, stream in streams.items())


def fixed_parts(cdf: np.ndarray, text) -> Parts:
    return [(int(cdf[byte]), int(cdf[byte + 1])) for byte in text]


@pytest.mark.parametrize("row", range(len(CDFS)))
def test_a_cut_or_edited_stream_is_refused_unless_it_is_another_texts(row: int) -> None:
    """The last is rare: END has one integer of 2**14 + 1, and then the number has to be the shortest."""
    broken = []
    for length in (1, 2, 3, 10, 50):
        stream = fixed(CDFS[row], np.random.default_rng(length).bytes(length))
        broken += [stream[:size] for size in range(len(stream))]
        broken += [stream + tail for tail in (bytes(9) + b"\1", b"\1", b"\0\0\1", stream)]
        bits = itertools.product(range(len(stream)), range(8))
        broken += [stream[:at] + bytes([stream[at] ^ 1 << bit]) + stream[at + 1 :] for at, bit in bits]
    assert np.mean([is_text(CDFS[row], stream) for stream in broken]) < 0.1


@given(text=st.binary(min_size=1, max_size=20), row=st.integers(0, len(CDFS) - 1), tail=st.binary(max_size=9))
def test_nothing_but_one_zero_stands_behind_a_text(text: bytes, row: int, tail: bytes) -> None:
    """A token of 16 bits is filled up with one byte."""
    stream = fixed(CDFS[row], text)
    assert Decoder([stream + b"\0"]).rest(0, CDFS[row]) == text
    for more in (b"\0\0", bytes(9) + tail, bytes(9) + tail + b"\1"):
        with pytest.raises(ValueError, match="tokens of document 0 are none that a text is encoded to"):
            Decoder([stream + more]).rest(0, CDFS[row])


def is_text(cdf: np.ndarray, stream: bytes) -> bool:
    try:
        text = Decoder([stream]).rest(0, cdf)
    except ValueError:
        return False
    encoded_again = fixed(cdf, text)
    assert text
    assert stream in (encoded_again, encoded_again + b"\0")
    return True


def test_streams_of_two_bytes_are_refused_or_those_of_texts() -> None:
    """24 bits are too few for END and any byte but the likely one."""
    tried = [number.to_bytes(2, "big") for number in range(1, 1 << 16, 7)]
    short = {stream.ljust(2, b"\0") for zeros in range(1, 1000) if len(stream := fixed(LIKELY, bytes(zeros))) <= 2}
    assert {stream for stream in tried if is_text(LIKELY, stream)} == short & set(tried)


@pytest.mark.parametrize("stream", [b"", bytes(10), b"\x80" + bytes(10)])
def test_decoding_ends_where_the_stream_is_used_up(stream: bytes) -> None:
    with pytest.raises(ValueError, match="tokens of document 0 end before its text does"):
        Decoder([stream]).rest(0, LIKELY)


def test_a_refusal_names_the_document() -> None:
    decoder = Decoder([fixed(LIKELY, bytes(1000)), b""])

    def read_all() -> None:
        while True:
            decoder.step(0, LIKELY)
            decoder.step(1, LIKELY)

    with pytest.raises(ValueError, match="tokens of document 1 end before its text does"):
        read_all()


def test_an_end_without_a_text_is_refused() -> None:
    """The last part of the first interval begins between ff fc and ff fd."""
    assert TOTAL << 16 > 0xFFFC * WHOLE
    for stream in (b"\xff\xfd", b"\xff\xfe", b"\xff\xff\xff"):
        with pytest.raises(ValueError, match="tokens of document 0 are none that a text is encoded to"):
            Decoder([stream]).rest(0, LIKELY)


def test_the_end_of_a_text_is_the_beginning_of_the_next() -> None:
    assert END == BEGIN
