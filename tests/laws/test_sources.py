"""What holds for every kind of source, so that a new file is tested the moment it exists."""

import gzip
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.rows import BAD, Read
from pipelines.contracts.source import Source
from pipelines.sources.reading.documents import identify

KINDS = kinds(Source.family)
TEXTS = [f"Document {number} has a few words.\n\nAnd a second paragraph, {number} words long." for number in range(40)]
REASON = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def parquet_bytes() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": TEXTS, "n": range(40)}), sink, row_group_size=10)
    return bytes(sink.getvalue().to_pybytes())


# Kinds that read files: the names and contents of a small corpus.
JSON_LINES = b"".join(orjson.dumps({"text": text, "n": n}) + b"\n" for n, text in enumerate(TEXTS))
FILES: dict[str, dict[str, bytes]] = {
    "jsonl": {
        "a.jsonl": JSON_LINES,
        "b.jsonl.gz": gzip.compress(JSON_LINES),
        "c.jsonl.zst": zstandard.compress(JSON_LINES),
    },
    "parquet": {"a.parquet": parquet_bytes(), "b.parquet": parquet_bytes()},
    "text": {
        "a.txt": TEXTS[0].encode(),
        "b.txt.gz": gzip.compress(TEXTS[1].encode()),
        "c.txt.zst": zstandard.compress(TEXTS[2].encode()),
    },
}
# Kinds that need parameters and read no files of their own.
PARAMETERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "python_docs": lambda folder: {"packages": ["jinja2", "fsspec"]},
    "task": lambda folder: {
        "task": {"kind": "text", "name": "lines", "path": str(written("jsonl", folder) / "a.jsonl")},
        "half": "held_out",
    },
    "mixture": lambda folder: {
        "parts": {
            "lines": {"source": {"kind": "jsonl", "path": str(written("jsonl", folder))}, "weight": 1},
            "topics": {"source": {"kind": "python_topics"}, "weight": 1},
        }
    },
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_file_kind = pytest.mark.parametrize("kind", sorted(set(FILES) & set(KINDS)))


def written(kind: str, folder: Path) -> Path:
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for name, content in FILES[kind].items():
        (corpus / name).write_bytes(content)
    return corpus


def example(kind: str, folder: Path) -> Source:
    """A source of the kind over a small corpus; a kind that is in neither table has to be usable with defaults."""
    parameters = {"path": str(written(kind, folder))} if kind in FILES else PARAMETERS.get(kind, lambda _: {})(folder)
    try:
        return Source.model_validate({"kind": kind, **parameters})
    except ValidationError as error:
        pytest.fail(f"give {kind} usable defaults, or an example in FILES or PARAMETERS of this file: {error}")


def all_reads(source: Source) -> list[Read]:
    return [read for file in source.files() for read in source.read(file)]


@every_kind
def test_file_holds_its_kind(kind: str) -> None:
    component = component_in(f"{Source.family}.{kind}", Source)
    assert component.__name__.lower() == kind.replace("_", "")
    assert component.__doc__


@every_kind
def test_round_trips_through_yaml_and_pickle(kind: str, tmp_path: Path) -> None:
    spec = example(kind, tmp_path)
    assert (
        Source.model_validate(yaml.safe_load(yaml.safe_dump(spec.model_dump(mode="json", serialize_as_any=True))))
        == spec
    )
    assert pickle.loads(pickle.dumps(spec)) == spec


@every_kind
def test_files_are_sorted_and_each_is_there_once(kind: str, tmp_path: Path) -> None:
    source = example(kind, tmp_path)
    source.check()
    files = source.files()
    assert files
    assert files == sorted(set(files))
    assert all(source.size(file) >= 0 for file in files)


@every_kind
@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_the_stretches_of_a_file_are_all_of_it_in_order(kind: str, count: int, tmp_path: Path) -> None:
    source = example(kind, tmp_path)
    if kind == "text":
        source = source.model_copy(update={"split": "line"})
    for file in filter(source.splits, source.files()):
        stretches = [read for number in range(count) for read in source.read_stretch(file, number, count)]
        for part in ("rows", "bad"):
            found, whole = (
                [row for read in reads for row in getattr(read, part).to_pylist()]
                for reads in (stretches, source.read(file))
            )
            assert found == whole


@every_kind
def test_documents_have_a_text_and_bad_rows_a_reason(kind: str, tmp_path: Path) -> None:
    source = example(kind, tmp_path)
    documents = 0
    for file in source.files():
        for read in source.read(file):
            assert read.rows.schema.field("text").type == pa.string()
            assert all(text.strip() for text in read.rows["text"].to_pylist())
            assert read.bad.schema == BAD
            assert set(read.bad["file"].to_pylist()) <= {file}
            assert all(REASON.fullmatch(reason) for reason in read.bad["reason"].to_pylist())
            ids = identify(read.rows, Path(file).name)["id"].to_pylist()
            assert all(re.fullmatch("[0-9a-f]{32}", identity) for identity in ids)
            documents += read.rows.num_rows
    assert documents > 0


@every_kind
def test_a_second_reading_gives_the_same(kind: str, tmp_path: Path) -> None:
    source = example(kind, tmp_path)
    first, second = all_reads(source), all_reads(source)
    assert [read.rows.to_pylist() for read in first] == [read.rows.to_pylist() for read in second]
    assert source.fingerprint() == source.fingerprint()
    assert all(isinstance(value, str) for value in source.fingerprint().values())


@every_file_kind
def test_a_folder_a_glob_and_a_list_name_the_same_files(kind: str, tmp_path: Path) -> None:
    folder = example(kind, tmp_path)
    for path in (f"{tmp_path}/corpus/*", f"file://{tmp_path}/corpus", folder.files()[::-1]):
        assert Source.model_validate({"kind": kind, "path": path}).files() == folder.files()


@every_file_kind
@pytest.mark.parametrize("path", ["missing", "missing-*", "empty", "empty/*"])
def test_no_files_fail_before_any_work(kind: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=re.escape(path)):
        Source.model_validate({"kind": kind, "path": str(tmp_path / path)}).check()


@every_file_kind
def test_the_fingerprint_follows_the_content_and_not_the_place(kind: str, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "two", "three")]
    for place in places:
        place.mkdir()
    sources = [example(kind, place) for place in places]
    changed = Path(sources[2].files()[0])
    changed.write_bytes(changed.read_bytes() + b"\n")
    prints = [source.fingerprint() for source in sources]
    assert prints[0] == prints[1] != prints[2]


@every_file_kind
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_raises(kind: str, tmp_path: Path, data: st.DataObject) -> None:
    name, content = data.draw(st.sampled_from(sorted(FILES[kind].items())))
    cut = content[: data.draw(st.integers(0, len(content)))]
    place = data.draw(st.integers(0, len(content)))
    spliced = content[:place] + data.draw(st.binary(max_size=20)) + content[place:]
    damaged = data.draw(st.sampled_from([cut, spliced, data.draw(st.binary(max_size=100))]))
    file = tmp_path / name
    file.write_bytes(damaged)
    source = Source.model_validate({"kind": kind, "path": str(file)})
    for read in source.read(str(file)):
        assert read.bad.schema == BAD
        assert all(text.strip() for text in read.rows["text"].to_pylist())
    source.files()


@every_file_kind
def test_a_relative_path_is_that_of_the_process_that_named_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = example(kind, tmp_path).files()
    monkeypatch.chdir(tmp_path)
    sources = [Source.model_validate({"kind": kind, "path": path}) for path in ("corpus", ["corpus/*"])]
    monkeypatch.chdir("/")
    assert [source.files() for source in sources] == [found, found]


@every_file_kind
@pytest.mark.parametrize("path", ["", [], [""]])
def test_a_path_that_names_nothing_is_refused(kind: str, path: str | list[str]) -> None:
    with pytest.raises(ValueError, match="names no file; give a file"):
        Source.model_validate({"kind": kind, "path": path})
