"""The codec of zlib streams: whole streams alone are text."""

import zlib

import pytest

from pipelines.codecs.gzip import Gzip


@pytest.mark.parametrize("vocab", [256, 65536])
def test_a_stream_that_is_not_whole_or_has_more_behind_it_is_refused(vocab: int) -> None:
    coder = Gzip(vocab=vocab).open({})
    tokens = coder.encode(["a text of some words and of some more words"])[0].tolist()
    for broken in (tokens[:-3], tokens + tokens):
        with pytest.raises(ValueError, match="not one whole zlib stream"):
            coder.decode(broken)
    with pytest.raises(ValueError, match="no zlib stream of one document"):
        coder.decode([1, 2, 3, 4])


def test_tokens_are_the_stream_with_header_and_checksum() -> None:
    coder = Gzip().open({})
    assert coder.encode(["words and words"])[0].tolist() == list(zlib.compress(b"words and words"))
    assert (coder.vocab_size, coder.end) == (257, 256)


def test_an_edited_stream_is_found_by_its_checksum() -> None:
    coder = Gzip().open({})
    tokens = coder.encode(["words and words"])[0]
    tokens[-1] ^= 1
    with pytest.raises(ValueError, match="incorrect data check"):
        coder.decode(tokens)


def test_it_takes_no_files() -> None:
    with pytest.raises(ValueError, match="'gzip' has no files"):
        Gzip().open({"codebook": b""})
