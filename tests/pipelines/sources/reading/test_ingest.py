"""Ingest: how files are grouped, what becomes a shard, what goes to quarantine, and when there is too much of it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import zstandard

from pipelines.contracts.source import Source
from pipelines.passes.units import LEAST_BYTES, UNIT_BYTES, Attempt
from pipelines.sources.reading import ingest
from pipelines.sources.reading.documents import content_ids
from pipelines.sources.reading.ingest import SHARD_BYTES, IngestWork, check_bad_share, file_units, losses, read_all
from pipelines.store.manifest import UnitRecord
from pipelines.store.store import Store


class Listed(Source):
    """Files of given sizes that nobody reads."""

    sizes: tuple[tuple[str, int], ...]

    def files(self) -> list[str]:
        return [name for name, _ in self.sizes]

    def size(self, file: str) -> int:
        return dict(self.sizes)[file]


def listed(*sizes: int) -> Listed:
    return Listed(sizes=tuple((f"/in/part-{number:03d}.jsonl", size) for number, size in enumerate(sizes)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Source]:
    """Files of JSON lines, a list of rows (or raw lines) each, as a source."""

    def make(*files: Sequence[dict | str]) -> Source:
        for number, rows in enumerate(files):
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (tmp_path / f"part-{number}.jsonl").write_text("".join(line + "\n" for line in lines))
        return Source.model_validate({"kind": "jsonl", "path": str(tmp_path / "*.jsonl")})

    return make


def read(source: Source, store: Store) -> list[UnitRecord]:
    """The records of all units of a source, done one after the other."""
    do = IngestWork(Attempt.begin(store, "jsonl-1"), source).open()
    return [do(unit) for unit in file_units(source)]


def texts_of(store: Store, record: UnitRecord) -> list[str]:
    """The documents of a unit in order."""
    return [text for shard in record.shards for text in store.read_table(shard)["text"].to_pylist()]


def quarantined(store: Store, record: UnitRecord) -> list[dict]:
    """What of a unit went to quarantine."""
    lines = store.read(f"jsonl-1/quarantine/{record.unit}.jsonl").decode().splitlines() if record.bad else []
    return [json.loads(line) for line in lines]


def test_every_file_is_in_one_unit_and_small_ones_share_it() -> None:
    source = listed(0, LEAST_BYTES, 1, 2, UNIT_BYTES, 3, 0)
    units = file_units(source)
    assert [list(unit.files.values()) for unit in units] == [[0, LEAST_BYTES], [1, 2], [UNIT_BYTES], [3, 0]]
    assert [file for unit in units for file in unit.files] == source.files()
    assert len({unit.name for unit in units}) == len(units)


def test_a_large_file_that_splits_is_several_units_with_the_same_documents(
    source, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[dict | str] = [{"text": f"document {number}"} for number in range(500)]
    rows[300:300] = ["{cut", {"text": " "}]
    lines = source(rows)
    (whole,) = read(lines, store)
    documents, bad = texts_of(store, whole), quarantined(store, whole)
    monkeypatch.setattr("pipelines.passes.units.LEAST_BYTES", 4_000)
    cut = read(lines, store)
    assert len({record.unit for record in [whole, *cut]}) == 5
    assert [text for record in cut for text in texts_of(store, record)] == documents
    assert [row for record in cut for row in quarantined(store, record)] == bad
    assert [row["line"] for row in bad] == [301, 302]
    for total in ("rows_in", "bytes_in", "file_bytes"):
        assert sum(getattr(record, total) for record in cut) == getattr(whole, total)


def test_a_unit_is_named_after_its_files_and_not_their_folder() -> None:
    (here,) = file_units(Listed(sizes=(("/a/x.jsonl", 1), ("/a/y.jsonl", 1))))
    (there,) = file_units(Listed(sizes=(("s3://b/x.jsonl", 1), ("s3://b/y.jsonl", 1))))
    (others,) = file_units(Listed(sizes=(("/a/x.jsonl", 1), ("/a/z.jsonl", 1))))
    assert here.name == there.name
    assert others.name != here.name


def test_documents_come_in_the_order_of_files_and_lines(source, store: Store) -> None:
    texts = [["one", "two"], ["three"]]
    (record,) = read(source(*([{"text": text} for text in file] for file in texts)), store)
    (shard,) = record.shards
    table = store.read_table(shard)
    assert table["text"].to_pylist() == ["one", "two", "three"]
    assert table["id"].combine_chunks().equals(content_ids(table["text"].combine_chunks()))
    assert (record.rows_in, record.bytes_in, shard.bytes) == (3, 11, 11)
    assert record.file_bytes == sum(file.stat().st_size for file in Path(store.url).parent.glob("*.jsonl"))
    assert store.unit_records("jsonl-1") == {record.unit: record}


def test_files_of_other_columns_are_shards_of_their_own(source, store: Store) -> None:
    plain, rich = [{"text": "one"}], [{"text": "two", "score": 0.5}]
    (record,) = read(source(plain, plain, rich, plain), store)
    assert [shard.rows for shard in record.shards] == [2, 1, 1]
    assert [sorted(columns) for columns in record.columns] == [
        ["id", "source", "text"],
        ["id", "score", "source", "text"],
        ["id", "source", "text"],
    ]
    assert len({shard.file for shard in record.shards}) == 3


def test_a_shard_is_closed_when_it_is_full(source, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "SHARD_BYTES", 6)
    texts = [["four"], ["four", "four", "1", "1", "", "1"], ["twelve bytes", "1"]]
    (record,) = read(source(*([{"text": text or " "} for text in file] for file in texts)), store)
    tables = [store.read_table(shard)["text"].to_pylist() for shard in record.shards]
    assert tables == [["four"], ["four"], ["four", "1", "1"], ["1"], ["twelve bytes"], ["1"]]
    assert [shard.bytes for shard in record.shards] == [4, 4, 6, 1, 12, 1]


def test_shards_are_cut_by_text_whatever_the_files_hold(tmp_path: Path, store: Store) -> None:
    rows = "".join(json.dumps({"text": str(number) * 1_000}) + "\n" for number in range(7_000))
    (tmp_path / "one.jsonl.zst").write_bytes(zstandard.compress(rows.encode()))
    (record,) = read(Source.model_validate({"kind": "jsonl", "path": str(tmp_path / "one.jsonl.zst")}), store)
    assert record.file_bytes < 1 << 20
    assert record.bytes_in > 26_000_000
    sizes = [shard.bytes for shard in record.shards]
    assert len(sizes) == 4
    assert max(sizes) <= SHARD_BYTES
    assert min(sizes[:-1]) > SHARD_BYTES - 4_000


def test_what_cannot_be_read_goes_to_quarantine_with_its_origin(source, store: Store, tmp_path: Path) -> None:
    (record,) = read(source([{"text": "one"}, "{cut", {"text": None}], [{"text": "two"}, {"text": " "}]), store)
    assert record.rows_in == 5
    assert record.bad == {"broken_json": 1, "no_text": 1, "empty": 1}
    assert record.bad_files == {str(tmp_path / "part-0.jsonl"): 2, str(tmp_path / "part-1.jsonl"): 1}
    assert record.damaged_files == {}
    told = [(Path(bad["file"]).name, bad["line"], bad["reason"]) for bad in quarantined(store, record)]
    assert told == [
        ("part-0.jsonl", 2, "broken_json"),
        ("part-0.jsonl", 3, "no_text"),
        ("part-1.jsonl", 2, "empty"),
    ]


def test_a_source_that_can_be_read_has_no_quarantine(source, store: Store) -> None:
    (record,) = read(source([{"text": "one"}]), store)
    assert record.bad == record.bad_files == {}
    assert not store.filesystem.exists(store.path("jsonl-1/quarantine"))


def test_a_damaged_file_counts_by_its_bytes(store: Store, tmp_path: Path) -> None:
    damaged = tmp_path / "a.parquet"
    damaged.write_bytes(b"no parquet at all")
    (record,) = read(Source.model_validate({"kind": "parquet", "path": str(damaged)}), store)
    assert record.damaged_files == {str(damaged): 17}
    assert record.bad == {"corrupt_parquet": 1}
    assert record.shards == []
    assert record.file_bytes == 17


def test_a_file_that_is_gone_is_no_bad_row_and_leaves_no_record(source, store: Store, tmp_path: Path) -> None:
    two_files = source([{"text": "one"}], [{"text": "two"}])
    (unit,) = file_units(two_files)
    (tmp_path / "part-1.jsonl").unlink()
    with pytest.raises(ValueError, match=r"part-1\.jsonl' cannot be opened here .*; make it readable"):
        IngestWork(Attempt.begin(store, "jsonl-1"), two_files).open()(unit)
    assert store.unit_records("jsonl-1") == {}


RECORDS = [
    UnitRecord(unit="0", rows_in=90, bad_files={"a": 1, "b": 3}, file_bytes=900),
    UnitRecord(unit="1", rows_in=10, bad_files={"b": 1, "a": 1}, file_bytes=100, damaged_files={"c": 40, "d": 10}),
]


def test_a_share_that_is_allowed_is_no_error() -> None:
    check_bad_share(losses(RECORDS), 0.06, "q")
    check_bad_share(losses(RECORDS[:1]), 4 / 90, "q")
    check_bad_share(losses([]), 0.0, "q")
    check_bad_share(losses([UnitRecord(unit="0", rows_in=3)]), 0.0, "q")


def test_too_many_bad_rows_name_the_worst_file() -> None:
    words = (
        r"4 of 90 input rows cannot be read, more than data.max_bad_share=0.04 allows; .* 'b' with 3 bad rows; .*'q'"
    )
    with pytest.raises(ValueError, match=words):
        check_bad_share(losses(RECORDS[:1]), 0.04, "q")


def test_too_many_damaged_bytes_name_the_largest_file() -> None:
    with pytest.raises(ValueError, match=r"2 damaged input files hold 50 of 1000 bytes.*the worst file is 'c'; "):
        check_bad_share(losses(RECORDS), 0.049, "q")


def test_a_held_out_set_is_read_whole_or_not_at_all(source) -> None:
    table = read_all(source([{"text": "one", "genre": "news"}], [{"text": "two"}]))
    assert table.column_names == ["id", "text", "genre"]
    assert table["text"].to_pylist() == ["one", "two"]
    assert table["genre"].to_pylist() == ["news", ""]
    with pytest.raises(ValueError, match=r"part-1\.jsonl', line 2, cannot be read \(broken_json\)"):
        read_all(source([{"text": "one"}], [{"text": "two"}, "{"]))


def test_a_held_out_set_has_documents(source) -> None:
    with pytest.raises(ValueError, match="has no readable document"):
        read_all(source([]))
