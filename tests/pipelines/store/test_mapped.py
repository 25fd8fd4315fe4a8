"""Arrays that processes share: made once, whole or made again."""

import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.store.mapped import mapped_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.uint32).reshape(3, 4),
    "weights": np.linspace(0, 1, 5, dtype=np.float32),
    "names": np.array(["a", "eng"]),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user's arrays lie, here in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make() -> dict[str, npt.NDArray[Any]]:
    return ARRAYS


def not_again() -> dict[str, npt.NDArray[Any]]:
    raise AssertionError("the arrays are there already")


def test_arrays_are_made_once_and_come_back_as_they_were(place: Path) -> None:
    mapped_arrays("a", make)
    found = mapped_arrays("a", not_again)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert not found[name].flags.writeable


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:-40], lambda whole: whole[:-1] + b"x"])
def test_a_file_that_is_not_whole_is_made_again(place: Path, damage: Any) -> None:
    mapped_arrays("a", make)
    (file,) = place.rglob("a.npy")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert np.array_equal(mapped_arrays("a", make)["numbers"], ARRAYS["numbers"])
    assert file.read_bytes() == whole


def _ask(folder: str, made: str) -> None:
    tempfile.tempdir = folder

    def count() -> dict[str, npt.NDArray[Any]]:
        with Path(made).open("a") as stream:
            stream.write("x")
        return ARRAYS

    mapped_arrays("a", count)


def test_of_those_who_ask_at_once_one_makes_them(place: Path) -> None:
    made = str(place / "made")
    processes = [multiprocessing.get_context("fork").Process(target=_ask, args=(str(place), made)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert Path(made).read_text() == "x"
