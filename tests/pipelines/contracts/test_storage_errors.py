"""Storage errors: a disk that takes no more is told with its path and its free bytes."""

import errno
import re
from pathlib import Path

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.storage_errors import naming, storage_mistake, storage_told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_with_the_path_and_the_free_bytes(tmp_path: Path) -> None:
    target = tmp_path / "not" / "yet" / "shard.parquet"
    words = rf"^no space is left for '{re.escape(str(target))}', [\d,]+ bytes are free there; what was finished is kept"
    with pytest.raises(Mistake, match=words), storage_told(), naming(str(target)), open("/dev/full", "wb") as disk:
        disk.write(b"x" * (1 << 20))


def test_what_has_a_name_keeps_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, naming("another"), open(tmp_path / "nothing"):
        pass
    assert caught.value.filename == str(tmp_path / "nothing")


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "not for you", "/a"), ConnectionError("reset by peer")]
)
def test_every_refusal_says_how_to_go_on(error: OSError) -> None:
    told = str(storage_mistake(error))
    assert str(error) in told
    assert told.endswith("mend that and run the same command again")
