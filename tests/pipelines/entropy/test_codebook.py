"""A codebook's file: whole and for these parameters, or refused."""

import numpy as np
import pytest

from pipelines.contracts import NextByteFn
from pipelines.entropy.codebook import FILE, Codebook, load, save
from pipelines.entropy.dense_dictionary import dense_dictionary

FACTS = {"strings": "dense_dictionary", "entries": 300}


@pytest.fixture(scope="module")
def codebook(predict: NextByteFn) -> Codebook:
    return dense_dictionary(predict, 300)


def test_it_is_read_as_it_was_written(codebook: Codebook) -> None:
    read = load(save(codebook, FACTS), FACTS, "some_codec")
    for name, array in vars(codebook).items():
        np.testing.assert_array_equal(vars(read)[name], array)
        assert vars(read)[name].dtype == array.dtype


def test_what_a_code_stands_for(codebook: Codebook) -> None:
    meanings = dict(codebook.meanings())
    assert len(meanings) == 300
    assert [meanings[byte] for byte in range(256)] == [bytes([byte]) for byte in range(256)]


def test_a_codebook_of_other_parameters_is_refused_with_both(codebook: Codebook) -> None:
    with pytest.raises(ValueError, match=r"'entries': 400.* compiled for .*'entries': 300.*train it anew"):
        load(save(codebook, FACTS), FACTS | {"entries": 400}, "some_codec")


def test_a_missing_damaged_or_foreign_file_is_refused(codebook: Codebook) -> None:
    whole = save(codebook, FACTS)[FILE]
    with pytest.raises(ValueError, match=r"'some_codec' needs a file codebook, given \['other'\]"):
        load({"other": whole}, FACTS, "some_codec")
    for broken in (whole[:-1], whole[:200], whole.replace(b'"entries": 300', b'"entries": 400')):
        with pytest.raises(ValueError, match="cut off or edited"):
            load({FILE: broken}, FACTS, "some_codec")
    with pytest.raises(ValueError, match="is no codebook"):
        load({FILE: b"PK\x03\x04"}, FACTS, "some_codec")
