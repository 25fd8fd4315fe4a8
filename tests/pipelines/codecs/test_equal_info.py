"""Both codecs of equal information: which rule loses text, what a token is, and whose codebook is taken."""

import pyarrow as pa
import pytest

from pipelines.codec import Codec
from pipelines.codecs.equal_info import EqualInfo
from pipelines.codecs.equal_info_dense import MOST_ENTRIES, EqualInfoDense
from pipelines.documents import identify

SENTENCES = [
    "The cat sat on the mat and looked at the small red bird.",
    "When it rains, the children stay inside and read books; it's true, they'll say.",
]
ROWS = identify(pa.table({"text": [f"{SENTENCES[n % 2]} {n}" for n in range(100)]}), "x")


def trained(codec: Codec) -> dict[str, bytes]:
    import ray.data

    return codec.train(ray.data.from_arrow(ROWS), seed=1)


@pytest.fixture(scope="module")
def delay(ray_session: None) -> dict[str, bytes]:
    return trained(EqualInfo())


def test_greedy_loses_text_and_says_so(ray_session: None) -> None:
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
