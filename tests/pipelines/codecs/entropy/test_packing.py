"""Bytes as tokens of 8 or 16 bits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.codecs.entropy.packing import Vocab, from_tokens, to_tokens


@given(stream=st.binary(), vocab=st.sampled_from([256, 65536]))
def test_the_stream_comes_back_filled_up_to_whole_tokens(stream: bytes, vocab: Vocab) -> None:
    tokens = to_tokens(stream, vocab)
    assert not len(tokens) or tokens.max() < vocab
    assert from_tokens(tokens, vocab) == stream + bytes(len(stream) % 2 if vocab == 65536 else 0)


def test_the_high_byte_comes_first() -> None:
    assert to_tokens(b"\x01\x02\x03", 65536).tolist() == [0x0102, 0x0300]


@pytest.mark.parametrize("token", [-1, 256])
def test_a_number_out_of_range_is_refused(token: int) -> None:
    with pytest.raises(ValueError, match="tokens 0 to 255"):
        from_tokens([1, token], 256)
