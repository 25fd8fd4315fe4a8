"""StepWork: what a unit leaves in the store, and what its record says."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.rows import DROPPED, SAMPLE, Outcome
from pipelines.contracts.step import Place, StepFn
from pipelines.passes.step_work import SAMPLE_CHARACTERS, StepWork, count_values, text_bytes, total
from pipelines.passes.units import Attempt, Unit
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.store import Store

TEXTS = ["é", "two", "", "four"]
UNIT = Unit("00000", 0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


@pytest.fixture
def do(store: Store) -> Callable[..., UnitRecord]:
    """Does the one unit of a dataset of four rows."""
    table = pa.table({"id": list("abcd"), "text": TEXTS})
    shard = store.write_table("before-1/x/part.parquet", table, 9)
    before = Manifest(address="before-1", name="a", kind="a", ingredients={}, shards=[shard], rows=4)

    def done(apply: StepFn, suffix: str = "parquet") -> UnitRecord:
        return StepWork(Attempt.begin(store, "after-1"), before, suffix, lambda: apply).open()(UNIT)

    return done


def dropped(*rows: tuple[str, str, str | None]) -> pa.Table:
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=DROPPED)


def test_kept_rows_become_a_shard_and_dropped_ones_a_file_with_their_reasons(store: Store, do) -> None:
    lost = dropped(("b", "too_short", "two"), ("c", "too_short", ""), ("d", "length:odd", None))

    def keep_first(rows: pa.Table, place: Place) -> Outcome:
        assert (place.shards.tolist(), place.rows.tolist()) == ([0] * 4, [0, 1, 2, 3])
        return Outcome(rows.slice(0, 1), lost, {"flops": 2.0})

    record = do(keep_first)
    (shard,) = record.shards
    assert store.read_table(shard).to_pylist() == [{"id": "a", "text": "é"}]
    assert (shard.rows, shard.bytes) == (1, 2)
    assert (record.rows_in, record.bytes_in) == (4, 9)
    assert record.dropped == {"too_short": 2, "length:odd": 1}
    assert record.counts == {"flops": 2.0}
    assert record.columns == [{"id": "string", "text": "string"}]
    assert record.examples[-1] == {"id": "d", "reason": "length:odd", "detail": ""}
    assert store.unit_records("after-1") == {"00000": record}
    (file,) = Path(store.url).glob("after-1/*/dropped-00000.parquet")
    assert pa.parquet.read_table(file).equals(lost)


def test_a_unit_of_which_nothing_is_kept_has_no_shard(store: Store, do) -> None:
    record = do(lambda rows, place: Outcome(rows.slice(0, 0), dropped(*((id_, "gone", "") for id_ in "abcd"))))
    assert record.shards == record.columns == []
    assert record.dropped == {"gone": 4}
    assert not list(Path(store.url).glob("after-1/*/part-*"))


def test_rows_without_text_count_the_bytes_they_were_made_of(store: Store, do) -> None:
    record = do(lambda rows, place: Outcome(pa.table({"sequence": [[1, 2]]})), "arrow")
    (shard,) = record.shards
    assert shard.file.endswith("part-00000-0.arrow")
    assert (shard.rows, shard.bytes) == (1, 9)
    assert store.read_table(shard)["sequence"].to_pylist() == [[1, 2]]
    assert not list(Path(store.url).glob("after-1/*/dropped-*"))


def test_a_record_shows_a_few_samples_and_examples_and_cuts_long_ones(do) -> None:
    samples = pa.table([list("abcd"), ["x" * 5_000] * 4, ["y"] * 4], schema=SAMPLE)
    lost = dropped(*((str(number), f"reason_{number % 2}", "z" * 900) for number in range(50)))
    record = do(lambda rows, place: Outcome(rows, lost, samples=samples))
    assert [sample["id"] for sample in record.samples] == list("abc")
    assert {len(sample["before"]) for sample in record.samples} == {SAMPLE_CHARACTERS}
    assert [example["id"] for example in record.examples] == list("0123")
    assert {len(example["detail"]) for example in record.examples} == {300}
    assert record.dropped == {"reason_0": 25, "reason_1": 25}


def test_two_attempts_at_a_unit_name_files_of_their_own(store: Store, do) -> None:
    first, second = (do(lambda rows, place: Outcome(rows)) for _ in range(2))
    assert first.shards[0].file != second.shards[0].file
    assert first.shards[0].checksum == second.shards[0].checksum
    assert store.unit_records("after-1") == {"00000": second}


def test_counters_add_up_with_their_keys_in_order() -> None:
    assert total([{"b": 1, "a": 2.5}, {}, {"a": 1, "c": 4}]) == {"a": 3.5, "b": 1, "c": 4}
    assert list(total([{"b": 1}, {"a": 1}])) == ["a", "b"]
    assert total([]) == {}


def test_values_and_bytes_are_counted() -> None:
    assert count_values(pa.chunked_array([["a", "b"], ["a"]])) == {"a": 2, "b": 1}
    assert text_bytes(pa.table({"text": ["é", None, "ab"]})) == 4
    assert text_bytes(pa.table({"text": pa.array([], pa.string())})) == 0
