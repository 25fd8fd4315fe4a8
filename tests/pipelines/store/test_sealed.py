"""A sealed file: read back as it was written, or refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.store.sealed import seal, unseal

FACTS = {"bits": 16, "model": {"kind": "static"}}
ARRAYS = {"b": np.arange(5, dtype=np.uint64), "a": np.zeros((2, 3), np.int32)}
WHOLE = seal("codebook", FACTS, ARRAYS)


def test_it_holds_what_was_put_in() -> None:
    facts, arrays = unseal("codebook", WHOLE)
    assert facts == FACTS
    assert {name: (each.dtype, each.tolist()) for name, each in arrays.items()} == {
        name: (each.dtype, each.tolist()) for name, each in ARRAYS.items()
    }


def test_equal_content_is_equal_bytes() -> None:
    turned = {"model": {"kind": "static"}, "bits": 16}
    assert seal("codebook", turned, dict(reversed(ARRAYS.items()))) == WHOLE


@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_every_edited_byte_is_found(place: int, byte: int) -> None:
    edited = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    if edited != WHOLE:
        with pytest.raises(ValueError, match=r"cut off or edited|is no codebook"):
            unseal("codebook", edited)


@pytest.mark.parametrize("size", [0, 10, 60, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_file_that_was_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=r"cut off or edited|is no codebook"):
        unseal("codebook", WHOLE[:size])


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="is no static of format 1, it begins with b'gleaner codebook"):
        unseal("static", WHOLE)
