"""How a location is told: without what may be secret in it, and by the name that its path has."""

import pytest

from pipelines.contracts.location import base_name, located, public


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://host/a/b.jsonl.gz?X-Sig=s3cret&e=/x", "https://host/a/b.jsonl.gz"),
        ("https://me:s3cret@host/b.jsonl#s3cret", "https://host/b.jsonl"),
        ("https://t0ken@host/b.jsonl", "https://host/b.jsonl"),
        ("sftp://me:s3cret@host/b.jsonl", "sftp://host/b.jsonl"),
        ("abfs://container@account/b.jsonl", "abfs://container@account/b.jsonl"),
        ("s3://bucket/odd?name.jsonl", "s3://bucket/odd?name.jsonl"),
        ("part::https://host/b.jsonl?s3cret", "part::https://host/b.jsonl"),
        ("no 'https://u:s3cret@h/b?k=s3cret' here, or 'http://h/c?s3cret'", "no 'https://h/b' here, or 'http://h/c'"),
        ("/data/what?.jsonl", "/data/what?.jsonl"),
    ],
)
def test_a_location_is_told_without_its_secrets(text: str, told: str) -> None:
    assert public(text) == told


def test_a_name_comes_from_the_path() -> None:
    assert base_name("https://u:p@host/a/b.jsonl.gz?sig=x/y.parquet") == "b.jsonl.gz"
    assert base_name("/data/what?.jsonl") == "what?.jsonl"


def test_a_filesystem_that_is_not_there_is_a_sentence_without_secrets() -> None:
    with pytest.raises(ValueError, match="'s3x://bucket/a': Protocol not known: s3x; give a local path or a URL"):
        located("s3x://key:s3cret@bucket/a")
