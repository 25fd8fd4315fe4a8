"""A place that lets nobody in, or that nothing here can open, is one sentence with the cure."""

import os

import pytest

from pipelines.contracts.location import located, reached
from pipelines.inference.model_files import local_folder
from pipelines.sources.reading.listing import listed, warn_of_others
from pipelines.store.store import Store

URL = "s3://some-bucket/some/place"


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


def test_a_url_of_an_unknown_kind_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"path 'nowhere://a/b': .*; give a local path or a URL"):
        located("nowhere://a/b")
