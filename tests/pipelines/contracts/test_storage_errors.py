"""Storage errors: a disk that takes no more, and a bucket that lets nobody in, are told with what has to be mended."""

import errno
import os
import re
from pathlib import Path

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.storage_errors import naming, reached, storage_mistake, storage_told
from pipelines.inference.model_files import local_folder
from pipelines.sources.reading.listing import listed, warn_of_others
from pipelines.store.store import Store

URL = "s3://some-bucket/some/place"


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


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no credentials anywhere."""
    pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)


@pytest.mark.parametrize(
    ("key", "ask"),
    [
        ("store", lambda: Store(URL).check()),
        ("store", lambda: Store(URL).manifest("clean-0123456789ab")),
        ("path", lambda: listed(URL, [".jsonl"])),
        ("path", lambda: warn_of_others(URL, [".jsonl"], "jsonl")),
        ("model", lambda: local_folder(URL)),
    ],
)
def test_a_bucket_without_credentials_is_a_sentence_with_the_cure(stranger: None, key: str, ask) -> None:
    with pytest.raises(ValueError, match=rf"^{key} '{URL}' cannot be reached \(.*credentials\); .*AWS_PROFILE"):
        ask()


def test_a_file_of_this_machine_that_may_not_be_read_needs_no_credentials() -> None:
    with pytest.raises(PermissionError), reached("path", "/root/secret"):
        raise PermissionError("no")
