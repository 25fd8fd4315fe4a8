"""Parquet: what is read, what is bad, and what fails before any work."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.rows import BAD, Read
from pipelines.sources.parquet import Parquet
from pipelines.sources.reading.documents import identify

TEXTS = [f"document number {number} has some words" for number in range(100)]


def written(file: Path, table: pa.Table, **options: Any) -> Path:
    pq.write_table(table, file, row_group_size=10, **options)
    return file


def read(file: Path, **parameters: Any) -> list[Read]:
    return list(Parquet(path=str(file), **parameters).read(str(file)))


def texts_of(reads: list[Read]) -> list[str]:
    return [text for one in reads for text in one.rows["text"].to_pylist()]


def bad_of(reads: list[Read]) -> list[tuple[int | None, str]]:
    return [(row["line"], row["reason"]) for one in reads for row in one.bad.to_pylist()]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_any_type_of_text_is_read(tmp_path: Path, kind: pa.DataType) -> None:
    column = pa.array(TEXTS).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(TEXTS).cast(kind)
    file = written(tmp_path / "a.parquet", pa.table({"body": column, "n": range(100)}))
    Parquet(path=str(file), text="body").check()
    reads = read(file, text="body")
    assert texts_of(reads) == TEXTS
    assert reads[0].rows.schema.field("text").type == pa.string()
    assert [n for one in reads for n in one.rows["n"].to_pylist()] == list(range(100))


def test_only_the_columns_asked_for_are_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", pa.table({"a": range(100), "b": range(100), "text": TEXTS}))
    assert read(file, columns=["b"])[0].rows.column_names == ["text", "b"]
    assert read(file, columns=[])[0].rows.column_names == ["text"]
    assert read(file)[0].rows.column_names == ["text", "a", "b"]


def test_null_empty_and_broken_texts_are_bad_rows_with_their_number(tmp_path: Path) -> None:
    raw = [text.encode() for text in TEXTS]
    raw[3], raw[17], raw[18], raw[95] = None, b"  \n", b"bad \xff byte", b""
    invalid = pa.array(raw, pa.binary()).view(pa.string())
    reads = read(written(tmp_path / "a.parquet", pa.table({"text": invalid, "n": range(100)})))
    assert bad_of(reads) == [(4, "no_text"), (18, "empty"), (19, "not_utf8"), (96, "empty")]
    assert texts_of(reads) == [text for n, text in enumerate(TEXTS) if n not in (3, 17, 18, 95)]


def test_a_row_group_that_fails_costs_only_itself(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.parquet",
        pa.table({"text": TEXTS}),
        use_dictionary=False,
        compression="zstd",
        write_page_checksum=True,
    )
    column = pq.read_metadata(file).row_group(4).column(0)
    content = bytearray(file.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 5] ^= 0xFF
    file.write_bytes(content)
    reads = read(file)
    assert bad_of(reads) == [(41, "corrupt_row_group")]
    assert [rows for each in reads for rows in each.bad["rows"].to_pylist()] == [10]
    assert texts_of(reads) == TEXTS[:40] + TEXTS[50:]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all, however long it may be", b"PAR1" * 20])
def test_a_file_without_a_footer_is_one_bad_row(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(content)
    assert bad_of(read(file)) == [(None, "corrupt_parquet")]
    Parquet(path=str(file)).check()


def test_a_truncated_file_is_one_bad_row(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", pa.table({"text": TEXTS}))
    file.write_bytes(file.read_bytes()[:-100])
    assert bad_of(read(file)) == [(None, "corrupt_parquet")]


def test_a_missing_file_and_a_missing_column_are_bad_rows(tmp_path: Path) -> None:
    assert bad_of(read(tmp_path / "gone.parquet")) == [(None, "unreadable_file")]
    file = written(tmp_path / "a.parquet", pa.table({"content": TEXTS}))
    assert bad_of(read(file)) == [(None, "no_text_column")]


def test_wrong_columns_fail_before_any_work(tmp_path: Path) -> None:
    file = str(written(tmp_path / "a.parquet", pa.table({"content": TEXTS, "size": range(100)})))
    with pytest.raises(ValueError, match=r"no column 'text'.*\['content', 'size'\].*`text`"):
        Parquet(path=file).check()
    with pytest.raises(ValueError, match=r"column 'size'.*holds int64.*\['content'\]"):
        Parquet(path=file, text="size").check()
    with pytest.raises(ValueError, match=r"no column 'date'.*`columns`"):
        Parquet(path=file, text="content", columns=["date"]).check()
    Parquet(path=file, text="content", columns=["size"]).check()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = written(tmp_path_factory.mktemp("fuzz") / "a.parquet", pa.table({"text": TEXTS, "n": range(100)}))
    content = bytearray(file.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    file.write_bytes(content)
    for one in read(file):
        assert one.bad.schema == BAD
        one.rows["text"].combine_chunks().validate(full=True)


def test_reads_a_real_corpus_whole(real_data: Path) -> None:
    source = Parquet(path=str(real_data / "mixture"))
    source.check()
    reads = [one for file in source.files() for one in source.read(file)]
    assert sum(one.rows.num_rows for one in reads) + sum(one.bad.num_rows for one in reads) == 4991


def unchecked(values: list[bytes | None]) -> pa.Array:
    """An array of strings that are what they are."""
    raw = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers(), raw.null_count)


FAR = pa.array([253_402_300_800_000 * 10, None, 0], pa.timestamp("ms"))  # beyond the year 9999
ODD_COLUMNS = {
    "views": pa.array(["a", None, "b"], pa.string_view()),
    "no UTF-8": unchecked([b"a", None, b"\xff\xfe"]),
    "no UTF-8 inside": pa.StructArray.from_arrays([unchecked([b"\xff", None, b"a"])], ["url"]),
    "far dates": FAR,
    "finer than microseconds": pa.array([1, None, 3], pa.timestamp("ns")),
    "durations": pa.array([1, None, 3], pa.duration("ns")),
    "UUIDs": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16, None, b"1" * 16], pa.binary(16))),
    "bytes": pa.array([b"\xff", None, b""]),
    "nested": pa.array([[{"a": 1}], None, []]),
}


@pytest.mark.parametrize("column", ODD_COLUMNS)
@pytest.mark.parametrize("name", ["url", "id", "source", "genre", "text_"])
def test_a_row_without_text_costs_no_other_row_whatever_stands_beside_it(
    tmp_path: Path, column: str, name: str
) -> None:
    for missing in range(3):
        texts = [None if row == missing else f"document {row}" for row in range(3)]
        file = written(tmp_path / "a.parquet", pa.table({"text": texts, name: ODD_COLUMNS[column]}))
        reads = read(file)
        assert bad_of(reads) == [(missing + 1, "no_text")]
        assert texts_of(reads) == [text for text in texts if text]
        assert sum(identify(one.rows, "a.parquet").take(pa.array([1, 0])).num_rows for one in reads) == 2


def test_ids_of_bytes_are_text(tmp_path: Path) -> None:
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16)), None], pa.binary(16)))
    for ids, expected in (
        (uuids, "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        (pa.array([b"\xff\x01", None]), "ff01"),
        (pa.array([7, None]), "7"),
    ):
        (one,) = read(written(tmp_path / "a.parquet", pa.table({"text": ["one", "two"], "id": ids})))
        assert identify(one.rows, "a.parquet")["source_id"].to_pylist() == [expected, None]


def test_a_column_that_is_there_twice_is_refused_before_any_work_and_later_a_bad_file(tmp_path: Path) -> None:
    table = pa.table([["one"], [1], [2]], names=["text", "meta", "meta"])
    file = written(tmp_path / "a.parquet", table)
    with pytest.raises(ValueError, match=r"a\.parquet' has the column 'meta' twice; write it with one"):
        Parquet(path=str(file)).check()
    assert bad_of(read(file)) == [(None, "repeated_column")]


def test_what_a_dictionary_stores_once_is_decoded_in_pieces(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000, pa.int32()), pa.array(["x" * 100_000]))
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": texts}), file)
    assert file.stat().st_size < 1_000_000
    sizes = [one.rows.nbytes for one in Parquet(path=str(file)).read(str(file))]
    assert sum(sizes) > 400_000_000
    assert max(sizes) < 64 << 20
