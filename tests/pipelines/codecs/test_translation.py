"""Translation: two codecs' tokens of one text, and what is refused because it is not that."""

import pytest

from pipelines.codecs.translation import pieces_of
from pipelines.contracts.codec import Codec, Coder

TEXTS = ["It rained, and the bird sang.", "", "é👩 twice, twice"]


def coder(source: object, target: object, piece: int = 1024) -> Coder:
    return Codec.model_validate({"kind": "translation", "source": source, "target": target, "piece": piece}).open({})


def test_a_text_is_the_tokens_of_both_with_the_separator_between() -> None:
    both = coder("bytes", "gzip")
    first, second = Codec.model_validate("bytes").open({}), Codec.model_validate("gzip").open({})
    assert (both.vocab_size, both.end) == (257 + 257, 257 + 256)
    for tokens, one, other in zip(both.encode(TEXTS), first.encode(TEXTS), second.encode(TEXTS), strict=True):
        assert tokens.tolist() == [*one.tolist(), first.end, *(other + 257).tolist()]


def test_long_texts_are_translated_piece_by_piece() -> None:
    whole, cut = coder("bytes", "gzip"), coder("bytes", "gzip", piece=9)
    (tokens,) = cut.encode(["It rained, on and on."])
    pieces = whole.encode(["It rained", ", on and ", "on."])
    assert tokens.tolist() == [token for piece in pieces for token in piece.tolist()]
    assert cut.decode(tokens) == "It rained, on and on."
    places = [place for piece in pieces for place in whole.places(piece).tolist()]
    assert cut.places(tokens).tolist() == places
    with pytest.raises(ValueError, match="not of the text that the tokens behind it stand for"):
        coder("bytes", "gzip", piece=10).decode(tokens)


def test_pieces_are_cut_between_characters() -> None:
    assert pieces_of(b"", 4) == [b""]
    assert pieces_of(b"abcd", 4) == [b"abcd"]
    assert pieces_of("abcé".encode(), 4) == [b"abc", "é".encode()]
    assert pieces_of("👩👩".encode(), 7) == ["👩".encode()] * 2
    assert pieces_of(b"\x80" * 9, 4) == [b"\x80" * 4, b"\x80" * 4, b"\x80"]


@pytest.mark.parametrize("pair", [("bytes", "gzip"), ("gzip", "bytes"), ({"kind": "gzip", "vocab": 65536}, "gzip")])
def test_both_directions_come_back(pair: tuple[object, object]) -> None:
    both = coder(*pair)
    assert [text.decode() for text in both.decode_many(both.encode(TEXTS))] == TEXTS


def test_places_tell_the_parts_apart_and_the_separator_belongs_to_the_first() -> None:
    both = coder("bytes", "gzip")
    (tokens,) = both.encode(["abc"])
    assert both.places(tokens).tolist() == [0] * 4 + [1] * (len(tokens) - 4)
    assert coder("gzip", "bytes").places([]).tolist() == []


def test_what_is_not_two_parts_of_one_text_is_refused() -> None:
    both = coder("bytes", "gzip")
    one, other = (tokens.tolist() for tokens in both.encode(["one", "other"]))
    no_separator = [token for token in one if token != 256]
    for broken in ([], one[:3], no_separator, [*one[:4], 1, *one[4:]], [one[-1], *one]):
        with pytest.raises(ValueError, match="a piece is the source's tokens, one separator"):
            both.decode_bytes(broken)
    for foreign in (one[:3] + other[5:], [*one, 256], one + other):
        with pytest.raises(ValueError, match="not of the text that the tokens behind it stand for"):
            both.decode_bytes(foreign)
    with pytest.raises(ValueError, match="zlib"):
        both.decode_bytes(one[:-1])


def test_it_loses_what_its_target_loses() -> None:
    greedy = {"kind": "equal_info", "rule": "greedy"}
    assert not Codec.model_validate({"kind": "translation", "target": greedy}).lossless
    assert Codec.model_validate({"kind": "translation", "source": greedy}).lossless


def test_files_lie_below_their_roles() -> None:
    codec = Codec.model_validate({"kind": "translation", "target": {"kind": "bpe", "vocab": 270}})
    files = codec.train(lambda *_: TEXTS[:1], seed=0)
    assert list(files) == ["target/tokenizer.json"]
    both = codec.open(files)
    (tokens,) = both.encode([TEXTS[0]])
    assert both.end == 257
    assert both.end not in tokens
    assert both.decode(tokens) == TEXTS[0]
