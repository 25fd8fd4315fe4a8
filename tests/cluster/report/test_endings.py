"""Endings: what runs spend on each held-out document is read from their evaluations, and drawn as one would by hand."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cluster.report import endings as module
from cluster.report.endings import Endings, drawn, drawn_from, endings
from pipelines.build import BuiltData
from pipelines.contracts.rows import ID, TEXT_BYTES
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import Finished
from training.results import NATS

SIZES = [10, 30, 20]


@pytest.fixture
def store() -> Store:
    return Store("memory://endings")


def manifest(name: str, **facts: Any) -> Manifest:
    return Manifest(address=name, name=name, kind=name, ingredients={}, **facts)


def run(nats: list[float], store: Store, by_document: bool = True) -> Finished:
    rows = pa.table({ID: ["a", "b", "c"], TEXT_BYTES: SIZES, NATS: nats})
    shards = [store.write_table(f"evaluate-{sum(nats)}/part.parquet", rows, sum(SIZES))] if by_document else []
    told = {"bits_per_byte": sum(nats) / sum(SIZES) / math.log(2), "documents": 3, "tokens": 9, "genres": {}}
    evaluation = manifest("evaluate", shards=shards, bytes_in=sum(SIZES), details=told)
    return Finished(BuiltData({}), manifest("train", counts={"flops": 4e9}), evaluation)


def test_runs_are_read_by_document(store: Store) -> None:
    runs = {0: run([5.0, 9.0, 8.0], store), 1: run([6.0, 7.0, 8.0], store)}
    (found,) = endings([runs], store)
    assert found.flops == 4e9
    assert found.nats_SD.tolist() == [[5.0, 9.0, 8.0], [6.0, 7.0, 8.0]]
    assert found.bytes_D.tolist() == SIZES
    assert found.bits_S == pytest.approx([each.bits_per_byte for each in runs.values()])


def test_where_one_evaluation_has_no_documents_all_have_one_whole(store: Store) -> None:
    runs = {0: run([5.0, 9.0, 8.0], store)}
    older = {0: run([6.0, 7.0, 8.0], store, by_document=False)}
    found = endings([runs, older], store)
    assert [each.bytes_D.tolist() for each in found] == [[60], [60]]
    assert [each.bits_S[0] for each in found] == pytest.approx([runs[0].bits_per_byte, older[0].bits_per_byte])


def some(seeds: int, documents: int, seed: int) -> Endings:
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 500, documents)
    return Endings(1.0, sizes * random.uniform(0.5, 3.0, (seeds, documents)), sizes)


@pytest.mark.parametrize(
    ("seeds", "documents", "expected"),
    [(3, 20, ["seeds", "documents"]), (2, 20, ["documents"]), (3, 19, ["seeds"]), (2, 19, [])],
)
def test_what_there_is_enough_of_is_drawn(seeds: int, documents: int, expected: list[str]) -> None:
    assert drawn_from([some(4, documents, 0), some(seeds, documents, 1)]) == expected


@pytest.mark.parametrize("together", [1, 70, 1 << 22])
def test_draws_of_documents_are_those_that_one_makes_by_hand(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(module, "TOGETHER", together)
    one, other = some(2, 30, 0), some(3, 30, 1)
    other = Endings(1.0, other.nats_SD, one.bytes_D)
    chosen = np.random.default_rng(0).integers(30, size=(50, 30))
    for ends, found in zip((one, other), drawn([one, other], ["documents"], 50), strict=True):
        by_hand = [ends.nats_SD[:, rows].sum(axis=1) / ends.bytes_D[rows].sum() / math.log(2) for rows in chosen]
        assert found == pytest.approx(np.array(by_hand))


def test_draws_of_seeds_are_runs_that_there_are_each_recipe_on_its_own() -> None:
    one, other = some(3, 5, 0), some(3, 5, 1)
    found = drawn([one, other], ["seeds"], 200)
    for ends, bits in zip((one, other), found, strict=True):
        assert set(bits.ravel().tolist()) == set(ends.bits_S.tolist())
    places = [np.searchsorted(np.sort(ends.bits_S), bits) for ends, bits in zip((one, other), found, strict=True)]
    assert abs(np.corrcoef(places[0].ravel(), places[1].ravel())[0, 1]) < 0.2


def test_without_a_draw_all_are_as_they_were_measured() -> None:
    one = some(3, 5, 0)
    assert drawn([one], [], 2)[0].tolist() == [one.bits_S.tolist()] * 2
