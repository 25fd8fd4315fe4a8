"""Which files a path names."""

import logging
import os
from pathlib import Path

import fsspec
import pytest

from pipelines.sources.reading import files
from pipelines.sources.reading.listing import described, listed, warn_of_others

SUFFIXES = (".txt",)
STRANGE = ["[ ]", "a [1-2] b", "a::b", "what?", "*", "{x,y}", "#1", "50%", " blank ", "~", "é\u0301"]


def write(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_a_folder_gives_its_files_of_the_kind_below_it(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt.gz", "deep/c.txt.zst", "d.json", ".hidden.txt", "_temporary/e.txt", "_SUCCESS"):
        write(tmp_path / name, b"x")
    found = listed(str(tmp_path), SUFFIXES)
    assert found == [str(tmp_path / name) for name in ("a.txt.gz", "b.txt", "deep/c.txt.zst")]


def test_a_glob_gives_what_it_matches_and_no_folders(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.log/inner.txt", "d.txt"):
        write(tmp_path / name, b"x")
    assert listed(f"{tmp_path}/*.log", SUFFIXES) == [str(tmp_path / "a.log"), str(tmp_path / "b.log")]


def test_overlapping_paths_give_each_file_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", b"x")
    assert listed([str(tmp_path), f"{tmp_path}/*", str(file)], SUFFIXES) == [str(file)]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "part[0].txt", b"x")
    assert listed(str(file), SUFFIXES) == [str(file)]


def test_a_url_stays_a_url() -> None:
    with fsspec.open("memory://listed/a.txt", "wb") as stream:
        stream.write(b"one\ntwo")
    assert listed("memory://listed", SUFFIXES) == ["memory:///listed/a.txt"]
    assert listed("memory://listed/*.txt", SUFFIXES) == ["memory:///listed/a.txt"]
    assert [batch.lines for batch in files.line_batches("memory:///listed/a.txt")] == [[b"one", b"two"]]


@pytest.mark.parametrize("path", ["nothing-here", "nothing-*.txt", "empty", "nowhere://bucket/x"])
def test_a_path_without_files_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=path.replace("*", r"\*")) as caught:
        listed(path, SUFFIXES)
    assert "give a" in str(caught.value)


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_is_no_pattern_where_it_exists(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name / "deep" / "a.txt", b"x")
    write(tmp_path / "other" / "deep" / "a.txt", b"x")
    folder = tmp_path / name
    for path in (file, folder, folder / "deep" / "*.txt", folder / "*" / "a.txt", folder / "**" / "*.txt"):
        assert listed(str(path), SUFFIXES) == [str(file)]
    here, there = (described(str(each / "deep" / "a.txt"), SUFFIXES) for each in (folder, tmp_path / "other"))
    assert files.fingerprint(here) == files.fingerprint(there)
    assert list(files.chunks(str(file))) == [b"x"]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    written = sorted(str(write(tmp_path / f"{name}.txt", b"x")) for name in STRANGE if name != "*")
    assert listed(str(tmp_path), SUFFIXES) == written
    assert listed(f"{tmp_path}/*.txt", SUFFIXES) == written
    assert [listed(file, SUFFIXES) for file in written] == [[file] for file in written]


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    write(tmp_path / "blobs" / "abc", b"x")
    write(tmp_path / "elsewhere" / "c.txt", b"x")
    snap = tmp_path / "snap"
    write(snap / "a.txt", b"x")
    (snap / "b.txt").symlink_to("../blobs/abc")
    (snap / "linked").symlink_to(tmp_path / "elsewhere")
    (snap / "gone.txt").symlink_to("nowhere")
    os.symlink(snap, snap / "linked" / "up")
    os.symlink(snap, snap / "again")
    expected = [str(snap / name) for name in ("a.txt", "b.txt", "linked/c.txt")]
    assert listed(str(snap), SUFFIXES) == expected
    assert listed(f"{snap}/**/*.txt", SUFFIXES) == expected
    assert listed(f"{snap}/*.txt", SUFFIXES) == expected[:2]


def test_files_that_are_passed_over_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.txt", "b.parquet", "c.parquet", "d.jsonl.gz", "README.md", ".e.jsonl", "_f.jsonl"):
        write(tmp_path / name, b"x")
    with caplog.at_level(logging.WARNING):
        warn_of_others(str(tmp_path), SUFFIXES, "text")
        warn_of_others(str(tmp_path / "a.txt"), SUFFIXES, "text")
        warn_of_others(f"{tmp_path}/*", SUFFIXES, "text")
    (told,) = caplog.messages
    assert "passes over (1 of *.jsonl, 2 of *.parquet)" in told
    assert "mixture" in told
