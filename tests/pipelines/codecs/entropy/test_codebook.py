"""A codebook's file: whole and for these parameters, or refused."""

import dataclasses

import numpy as np
import pytest

from pipelines.codecs.entropy.codebook import FILE, Codebook, load, save
from pipelines.codecs.entropy.dense_dictionary import dense_dictionary
from pipelines.contracts.byte_model import NextByteFn

FACTS = {"strings": "dense_dictionary", "entries": 300}


@pytest.fixture(scope="module")
def codebook(predict: NextByteFn) -> Codebook:
    return dense_dictionary(predict, 300)


def test_it_is_read_as_it_was_written(codebook: Codebook) -> None:
    read = load(save(codebook, FACTS, "hash"), FACTS, "some_codec")
    for name, array in vars(codebook).items():
        np.testing.assert_array_equal(vars(read)[name], array)
        assert vars(read)[name].dtype == array.dtype


def test_what_a_code_stands_for(codebook: Codebook) -> None:
    meanings = dict(codebook.meanings())
    assert len(meanings) == 300
    assert [meanings[byte] for byte in range(256)] == [bytes([byte]) for byte in range(256)]


def test_a_codebook_of_other_parameters_is_refused_with_both(codebook: Codebook) -> None:
    with pytest.raises(ValueError, match=r"'entries': 400.* compiled for .*'entries': 300.*train it anew"):
        load(save(codebook, FACTS, "hash"), FACTS | {"entries": 400}, "some_codec")


def test_a_missing_damaged_or_foreign_file_is_refused(codebook: Codebook) -> None:
    whole = save(codebook, FACTS, "hash")[FILE]
    with pytest.raises(ValueError, match=r"'some_codec' needs a file codebook, given \['other'\]"):
        load({"other": whole}, FACTS, "some_codec")
    for broken in (whole[:-1], whole[:200], whole.replace(b'"entries": 300', b'"entries": 400')):
        with pytest.raises(ValueError, match="cut off or edited"):
            load({FILE: broken}, FACTS, "some_codec")
    with pytest.raises(ValueError, match="is no codebook"):
        load({FILE: b"PK\x03\x04"}, FACTS, "some_codec")


def forged(codebook: Codebook, name: str, place: int, value: int) -> Codebook:
    array = vars(codebook)[name].copy()
    array[place] = value
    return dataclasses.replace(codebook, **{name: array})


@pytest.mark.parametrize(
    ("name", "place", "value", "message"),
    [
        ("parents", 270, 271, "behind their parents"),
        ("parents", 270, -1, "behind their parents"),
        ("letters", 5, 7, "one for each byte"),
        ("parents", 5, 1, "each of the 256 bytes"),
        ("taken", 270, 9, "no more than were read"),
        ("taken", 3, 0, "at least one byte"),
        ("codes", 3, -1, "numbers below 65536"),
        ("codes", 3, 1 << 30, "numbers below 65536"),
    ],
)
def test_a_whole_file_that_is_no_codebook_is_refused(codebook: Codebook, name, place, value, message) -> None:
    files = save(forged(codebook, name, place, value), FACTS, "hash")
    with pytest.raises(ValueError, match=message):
        load(files, FACTS, "some_codec")


def test_a_code_is_that_of_the_bytes_that_it_takes(codebook: Codebook) -> None:
    first = int(np.flatnonzero(codebook.parents[257:])[0]) + 257
    with pytest.raises(ValueError, match="that of the bytes that it takes"):
        forged(codebook, "taken", first, 1).check()


def test_strings_that_share_a_code_lose_text(codebook: Codebook) -> None:
    codebook.check_lossless()
    shared = forged(codebook, "codes", 5, int(codebook.codes[6]))
    shared.check()
    with pytest.raises(ValueError, match="share a code"):
        shared.check_lossless()


def test_numbers_of_another_type_are_refused(codebook: Codebook) -> None:
    files = save(dataclasses.replace(codebook, letters=codebook.letters.astype(np.int64)), FACTS, "hash")
    with pytest.raises(ValueError, match="letters of uint8"):
        load(files, FACTS, "some_codec")


def test_arrays_of_unequal_length_are_refused(codebook: Codebook) -> None:
    files = save(dataclasses.replace(codebook, taken=codebook.taken[:-1].copy()), FACTS, "hash")
    with pytest.raises(ValueError, match="one length"):
        load(files, FACTS, "some_codec")
