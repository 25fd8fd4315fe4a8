"""What was chosen is told from the columns of what was encoded, and the ends of a score from the scored documents."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cluster.report import chosen as chosen_module
from cluster.report.chosen import chosen, ends, overlaps
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def stage(store: Store, name: str, *shards: dict[str, list]) -> Manifest:
    tables = [pa.table(columns) for columns in shards]
    written = [store.write_table(f"{name}/{place}.parquet", table, 0) for place, table in enumerate(tables)]
    columns = {field.name: str(field.type) for field in tables[0].schema}
    return Manifest(
        address=name, name=name, kind=name, ingredients={}, shards=written, columns=columns,
        rows=sum(table.num_rows for table in tables),
    )  # fmt: skip


def encoded(store: Store, name: str, ids: str, sizes: list[int], genres: str) -> Manifest:
    return stage(store, name, {"id": list(ids), "text_bytes": sizes, "genre": list(genres)})


def test_overlap_is_of_the_rows_bytes(store: Store) -> None:
    one = chosen(encoded(store, "e-1", "abc", [10, 20, 70], "xxy"), store)
    other = chosen(encoded(store, "e-2", "cd", [70, 70], "yy"), store)
    assert overlaps([one, other]) == [[1.0, 0.7], [0.5, 1.0]]
    assert one is not None
    assert one.genres == {"x": 30.0, "y": 70.0}
    assert overlaps([one, None]) == [], "of one arm nothing is known"


def test_without_genres_none_is_told(store: Store) -> None:
    plain = chosen(stage(store, "e-3", {"id": ["a"], "text_bytes": [5]}), store)
    assert plain is not None
    assert plain.genres == {}


def test_the_ends_are_the_outermost_first_with_their_texts(store: Store) -> None:
    scores = np.random.default_rng(0).permutation(9).astype(float)
    texts = [f"text of {score:g} " * 300 for score in scores]
    shards = [
        {"id": [f"same-{n % 2}" for n in part], "text": [texts[n] for n in part], "s": scores[part]}
        for part in ([0, 1, 2, 3], [4], [5, 6, 7, 8])
    ]
    found = ends("s", stage(store, "s-1", *shards), store)
    assert found is not None
    assert [each.score for each in found.high] == [8.0, 7.0, 6.0]
    assert [each.score for each in found.low] == [0.0, 1.0, 2.0]
    assert all(each.text.startswith(f"text of {each.score:g} ") for each in [*found.high, *found.low])
    assert all(each.text.endswith(" …") for each in found.high)


def test_of_too_many_documents_nothing_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_module, "MOST_DOCUMENTS", 2)
    assert chosen(encoded(store, "e-4", "abc", [1, 1, 1], "xxx"), store) is None
