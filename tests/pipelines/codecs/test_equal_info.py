"""Both codecs of equal information: which rule loses text, what a token is, and whose files are taken."""

import pytest

from pipelines.codecs.entropy.stepwise_windows import SEGMENT_WINDOWS
from pipelines.codecs.equal_info import EqualInfo
from pipelines.codecs.equal_info_dense import MOST_ENTRIES, EqualInfoDense
from pipelines.contracts.codec import Codec

SENTENCES = [
    "The cat sat on the mat and looked at the small red bird.",
    "When it rains, the children stay inside and read books; it's true, they'll say.",
]
TEXTS = [f"{SENTENCES[n % 2]} {n}" for n in range(100)]


def trained(codec: Codec) -> dict[str, bytes]:
    return codec.train(lambda *_: TEXTS, seed=1)


@pytest.fixture(scope="module")
def delay() -> dict[str, bytes]:
    return trained(EqualInfo())


def test_greedy_loses_text_and_says_so() -> None:
    assert EqualInfo().lossless
    greedy = EqualInfo(rule="greedy")
    assert not greedy.lossless
    coder = greedy.open(trained(greedy))
    tokens = coder.encode(SENTENCES)
    assert [coder.decode(each) for each in tokens] != SENTENCES


def test_a_small_vocabulary_cuts_every_window_in_two(delay: dict[str, bytes]) -> None:
    wide, narrow = (EqualInfo(vocab=vocab).open(delay) for vocab in (65536, 256))
    assert (wide.vocab_size, wide.end) == (65537, 65536)
    assert (narrow.vocab_size, narrow.end) == (257, 256)
    windows, halves = wide.encode(SENTENCES)[0].tolist(), narrow.encode(SENTENCES)[0].tolist()
    assert halves == [half for window in windows for half in divmod(window, 256)]
    assert narrow.decode(halves) == SENTENCES[0]
    with pytest.raises(ValueError, match="cut in half"):
        narrow.decode(halves[:-1])


def test_a_window_that_no_text_has_is_refused_with_its_place(delay: dict[str, bytes]) -> None:
    coder = EqualInfo().open(delay)
    tokens = coder.encode(SENTENCES)[0].tolist()
    unused = next(code for code in range(65536) if not stands_for_text(coder, code))
    with pytest.raises(ValueError, match=f"token 3 is {unused}, which stands for no text"):
        coder.decode([*tokens[:3], unused])


def stands_for_text(coder, code: int) -> bool:
    try:
        return bool(coder.decode([code]))
    except ValueError:
        return False


SHAPES = [(bits, reset) for bits in (16, 24, 32, 64, 128) for reset in SEGMENT_WINDOWS]


@pytest.fixture(scope="module")
def asking() -> dict[str, bytes]:
    return trained(EqualInfo(bits=24))


def test_whoever_asks_the_model_takes_its_files_along(asking: dict[str, bytes], delay: dict[str, bytes]) -> None:
    assert list(asking) == ["model/order_k.counts"]
    for bits, reset in SHAPES[1:]:
        assert EqualInfo(bits=bits, reset=reset).open(asking).decode_many([]) == []
        for other in ({}, delay, {**asking, "codebook": b""}):
            with pytest.raises(ValueError, match="codec 'equal_info' needs the files of its byte model"):
                EqualInfo(bits=bits, reset=reset).open(other)
    with pytest.raises(ValueError, match="needs a file codebook"):
        EqualInfo().open(asking)


@pytest.mark.parametrize("vocab", [256, 65536])
@pytest.mark.parametrize(("bits", "reset"), SHAPES[1:])
def test_documents_come_back_side_by_side(asking: dict[str, bytes], bits, reset, vocab) -> None:
    coder = EqualInfo(bits=bits, reset=reset, vocab=vocab, batch=2).open(asking)
    assert (coder.vocab_size, coder.end) == (vocab + 1, vocab)
    texts = [*(text.encode() for text in SENTENCES), b"", b"T", b"The cat", b"\xff\x00"]
    assert coder.decode_many(coder.encode(texts)) == texts


def test_an_odd_number_of_windows_of_24_bits_ends_with_a_zero_byte(asking: dict[str, bytes]) -> None:
    wide, narrow = (EqualInfo(bits=24, vocab=vocab).open(asking) for vocab in (65536, 256))
    seen = set()
    for end in range(1, len(SENTENCES[0])):
        text = SENTENCES[0][:end]
        pairs, single = wide.encode([text])[0].tolist(), narrow.encode([text])[0].tolist()
        odd = len(single) // 3 % 2
        assert [byte for pair in pairs for byte in divmod(pair, 256)] == single + [0] * odd
        assert wide.decode(pairs) == narrow.decode(single) == text
        seen.add(odd)
    assert seen == {0, 1}


def test_a_part_of_a_window_is_refused(asking: dict[str, bytes]) -> None:
    wide, narrow = (EqualInfo(bits=24, vocab=vocab).open(asking) for vocab in (65536, 256))
    two = next(tokens for tokens in (wide.encode([SENTENCES[0][:end]])[0] for end in range(40)) if len(tokens) == 3)
    single = narrow.encode([SENTENCES[0]])[0].tolist()
    for coder, tokens in (
        (wide, two[:1]),
        (wide, [*two[:1], two[1] | 1]),
        (wide, [*two, 0, 0, 0, 0]),
        (narrow, single[:-1]),
        (narrow, [*single, 0]),
    ):
        with pytest.raises(ValueError, match="cut in half"):
            coder.decode(tokens)


def test_which_window_no_text_has_is_said(asking: dict[str, bytes]) -> None:
    coder = EqualInfo(bits=32).open(asking)
    good = coder.encode([SENTENCES[0]])[0].tolist()[:4]
    with pytest.raises(ValueError, match="window 2 is 0x1ffff, which stands for no text"):
        coder.decode_many([good, [*good, 1, 65535]])


def test_windows_that_are_decoded_alone(asking: dict[str, bytes], delay: dict[str, bytes]) -> None:
    expected = {
        (16, "window", 65536): 1,
        (16, "window", 256): 2,
        (24, "window", 65536): 3,
        (24, "window", 256): 3,
        (24, "every_other", 65536): 3,
        (64, "every_other", 65536): 8,
        (128, "never", 256): 0,
    }
    for (bits, reset, vocab), window in expected.items():
        files = delay if (bits, reset) == (16, "window") else asking
        assert EqualInfo(bits=bits, reset=reset, vocab=vocab).open(files).window == window


@pytest.mark.parametrize("other", [{"rule": "greedy"}, {"model": "static"}, {"model": {"kind": "order_k", "order": 2}}])
def test_a_codebook_of_other_parameters_is_refused(delay: dict[str, bytes], other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="this codebook was compiled for"):
        EqualInfo.model_validate(other).open(delay)
    with pytest.raises(ValueError, match="codec 'equal_info_dense' is described by"):
        EqualInfoDense().open(delay)


def test_a_damaged_codebook_is_refused(delay: dict[str, bytes]) -> None:
    whole = delay["codebook"]
    middle = len(whole) // 2
    for broken in (whole[:-100], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
        with pytest.raises(ValueError, match="cut off or edited"):
            EqualInfo().open({"codebook": broken})


def test_the_dense_dictionary_has_room_for_the_end_in_16_bits() -> None:
    assert EqualInfoDense().entries + 1 == 2**16
    for entries in (255, MOST_ENTRIES + 1):
        with pytest.raises(ValueError, match="entries"):
            EqualInfoDense(entries=entries)
