"""Examples are read from a few places of what is in the store."""

from pathlib import Path

import pyarrow as pa
import pytest

from cluster.report import examples
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

LONG = "word " * 200


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def stage(store: Store, *shards: list[str], columns: tuple[str, ...] = ("id", "text")) -> Manifest:
    """A stage whose documents have their first word as id."""
    written = [
        store.write_table(f"s/{place}.parquet", pa.table({"id": [t.split()[0] for t in texts], "text": texts}), 0)
        for place, texts in enumerate(shards)
    ]
    return Manifest(
        address="s-0", name="s", kind="s", ingredients={}, shards=written, columns=dict.fromkeys(columns, "string")
    )


def test_what_was_kept_comes_from_all_over_the_stage(store: Store) -> None:
    found = examples.kept(stage(store, *([f"{name} text"] for name in "abcdefghi")), store)
    assert [each.id for each in found] == ["a", "d", "g"]
    alone = examples.kept(stage(store, [f"{name} text" for name in "abcdef"]), store)
    assert [each.id for each in alone] == ["a", "c", "e"]
    assert len(examples.kept(stage(store, ["only one"]), store)) == 1


def test_a_long_text_is_cut_and_says_so(store: Store) -> None:
    (found,) = examples.kept(stage(store, [LONG]), store)
    assert found.text == LONG.strip()[: examples.CHARACTERS] + " …"


def test_a_stage_without_texts_has_no_examples(store: Store) -> None:
    assert examples.kept(stage(store, ["a b"], columns=("sequence",)), store) == []


def test_what_was_dropped_is_looked_up_by_its_id(store: Store) -> None:
    before = stage(store, ["a one", "b two"], ["c three"])
    assert examples.beginnings(["c", "a", "not there"], before, store) == {"a": "a one", "c": "c three"}


def test_no_more_than_some_shards_are_looked_through(store: Store) -> None:
    before = stage(store, *([f"{number} text"] for number in range(examples.ROW_GROUPS + 1)))
    last = str(examples.ROW_GROUPS)
    assert examples.beginnings([last, "0"], before, store) == {"0": "0 text"}
