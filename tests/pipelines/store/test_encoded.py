"""Encoded: the codec's files are those that made the tokens, or the cure is told."""

import hashlib
from pathlib import Path

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.store.encoded import Encoded, codec_files, encoded_with
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store


def encoded() -> Manifest:
    """Of a codec with one file, `table`, that holds the bytes `whole`."""
    hashes = {"table": hashlib.sha256(b"whole").hexdigest()}
    details = Encoded(vocab_size=9, end=8, lossless=True, codec={}, files=hashes).model_dump()
    files = {"codec/table": "encode-1/x/table"}
    return Manifest(address="encode-1", name="encode", kind="encode", ingredients={}, details=details, files=files)


def test_the_files_are_read_by_name(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("encode-1/x/table", b"whole")
    assert codec_files(encoded(), store) == {"table": b"whole"}


@pytest.mark.parametrize("left", [b"whOle", b"", None], ids=["flipped", "cut", "gone"])
def test_a_damaged_file_is_refused_with_the_cure(left: bytes | None, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    if left is not None:
        store.write("encode-1/x/table", left)
    cure = rf"^'{tmp_path}/encode-1/x/table' is .*; delete '{tmp_path}/encode-1' and run the same command again to"
    with pytest.raises(ValueError, match=cure):
        codec_files(encoded(), store)


def test_what_another_release_wrote_is_a_mistake_with_the_cure() -> None:
    cure = "of another release; use the release that made it, or make it anew$"
    with pytest.raises(Mistake, match=f"^the codec of 'encode-1' is {cure}"):
        encoded_with(encoded())
    with pytest.raises(Mistake, match=f"^the details of 'encode-1' are {cure}"):
        encoded_with(encoded().model_copy(update={"details": {"vocabulary": 9}}))
