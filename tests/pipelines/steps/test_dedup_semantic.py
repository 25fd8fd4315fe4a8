"""From texts to vectors, clusters, and one text of those that mean the same: the same rows for any shards."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.step import Step
from pipelines.corpus.clustering import nearest
from pipelines.sources.reading.documents import content_ids
from pipelines.stage import apply_step
from pipelines.steps.dedup_semantic import DedupSemantic
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import as_column, to_unit

ROWS = 90
PARTS = {"kind": "cluster", "column": "cluster", "clusters": 3}


def documents() -> pa.Table:
    """Texts whose vectors come in threes that are nearly the same; one vector is zero, one twice as long."""
    generator = np.random.default_rng(0)
    vectors = to_unit(generator.normal(size=(ROWS // 3, 6)))[np.arange(ROWS) % (ROWS // 3)]
    vectors = to_unit(vectors + 0.01 * generator.normal(size=vectors.shape))
    vectors[11], vectors[12] = 0, 2 * vectors[12]
    texts = pa.array([f"text {row}" for row in range(ROWS)])
    return pa.table({ID: content_ids(texts), TEXT: texts, "embedding": as_column(vectors)})


@pytest.fixture
def stored(ray_session: None, store: Store) -> Callable[[Sequence[pa.Table]], Manifest]:
    def make(tables: Sequence[pa.Table]) -> Manifest:
        name = f"law-{len(tables)}"
        shards = [store.write_table(f"{name}/x/{number}.parquet", each, 0) for number, each in enumerate(tables)]
        kinds = {"id": "string", "text": "string", "embedding": "list"}
        rows = sum(each.num_rows for each in tables)
        return Manifest(
            address=name, name="law", kind="law", ingredients={}, shards=shards, rows=rows, bytes=900, columns=kinds
        )

    return make


def slow_losers(table: pa.Table) -> dict[str, float]:
    """Each id's highest cosine to an earlier row of its cluster, by all pairs."""
    rows = sorted(table.to_pylist(), key=lambda row: (row["cluster_similarity"], row[ID]))
    likeness = {}
    for number, row in enumerate(rows):
        others = [other for other in rows[:number] if other["cluster"] == row["cluster"] >= 0]
        unit = to_unit(np.array([row["embedding"]]))
        cosines = to_unit(np.array([other["embedding"] for other in others]).reshape(-1, 6)) @ unit.T
        likeness[row[ID]] = float(cosines.max(initial=-1))
    return likeness


def test_the_share_that_stays_is_met_and_is_the_same_for_any_shards(
    stored: Callable[..., Manifest], applied: Callable[..., tuple[Manifest, pa.Table]], store: Store
) -> None:
    table = documents()
    shuffled = table.take(np.random.default_rng(1).permutation(ROWS))
    kept = []
    for tables in ([table], [shuffled.slice(0, 50), shuffled.slice(50, 3), shuffled.slice(53)]):
        clustered, rows = applied(stored(tables), PARTS)
        assert clustered.counts["without_embedding"] == clustered.counts["not_unit"] == 1
        assert clustered.details["sampled"] == ROWS
        assert sum(clustered.details["sizes"]) == ROWS - 1
        centroids = np.load(io.BytesIO(store.read(clustered.files["centroids.npy"])))
        there = nearest(to_unit(np.array(rows["embedding"].to_pylist())), centroids)
        np.testing.assert_array_equal(rows["cluster"].to_numpy(), there[0])
        np.testing.assert_array_equal(rows["cluster_similarity"].to_numpy(), there[1])
        manifest, after = applied(clustered, {"kind": "dedup_semantic", "keep": 0.4})
        assert after.num_rows == manifest.details["kept"] == 36
        assert manifest.dropped == {"like": 54}
        likeness = slow_losers(rows)
        lowest = sorted(likeness.values())
        assert lowest[35] == pytest.approx(manifest.details["threshold"], abs=2e-6)
        assert all(likeness[each] <= lowest[35] + 2e-6 for each in after[ID].to_pylist())
        kept.append(sorted(after[ID].to_pylist()))
    assert kept[0] == kept[1]


def test_what_goes_by_a_threshold_names_the_text_that_it_is_like(
    stored: Callable[..., Manifest], applied: Callable[..., tuple[Manifest, pa.Table]]
) -> None:
    clustered, rows = applied(stored([documents().slice(0, 40), documents().slice(40)]), PARTS)
    manifest, after = applied(clustered, {"kind": "dedup_semantic", "threshold": 0.99})
    likeness = slow_losers(rows)
    assert set(after[ID].to_pylist()) == {each for each, value in likeness.items() if value <= 0.99}
    assert 0 < after.num_rows < ROWS
    texts = dict(zip(rows[ID].to_pylist(), rows[TEXT].to_pylist(), strict=True))
    for example in manifest.examples:
        mine, other = (int(texts[each].split()[1]) for each in (example["id"], example["detail"]))
        assert mine % 30 == other % 30
    everything, _ = applied(clustered, {"kind": "dedup_semantic", "keep": 1.0})
    assert (everything.rows, everything.details["threshold"]) == (ROWS, 1.0)


def test_texts_become_vectors_then_clusters_and_are_compared_with_a_target(
    stored: Callable[..., Manifest], applied: Callable[..., tuple[Manifest, pa.Table]], tiny_llama: Path, tmp_path: Path
) -> None:
    texts = [*(f"The cat number {row} sat on the mat." for row in range(30)), ""]
    table = pa.table({ID: content_ids(pa.array(texts)), TEXT: texts})
    embedder = {"kind": "hidden", "model": str(tiny_llama)}
    step = {"kind": "embed", "column": "embedding", "embedder": embedder}
    manifest, rows = applied(stored([table.slice(0, 20), table.slice(20)]), step)
    assert manifest.counts["without_embedding"] == 1
    assert manifest.counts["flops"] > 0
    vectors = np.array(rows["embedding"].to_pylist())
    assert vectors.shape == (31, 64)
    clustered, after = applied(manifest, {**PARTS, "points": 5})
    assert clustered.details["sampled"] < 31
    assert set(after["cluster"].to_pylist()) == {-1, 0, 1, 2}
    target = tmp_path / "target.jsonl"
    target.write_text('{"text": "The cat number 7 sat on the mat."}\n')
    scorer = {"kind": "embedding_similarity", "embedder": embedder, "target": {"kind": "jsonl", "path": str(target)}}
    scored, alike = applied(clustered, {"kind": "score", "column": "alike", "scorer": scorer})
    assert scored.details == {"target_texts": 1, "without_embedding": 0}
    best = alike.sort_by([("alike", "descending")]).to_pylist()
    assert (best[0][TEXT], best[-1][TEXT], best[-1]["alike"]) == (texts[7], "", -1)
    assert best[0]["alike"] == pytest.approx(1, abs=1e-5)
    by_rank = {"kind": "score", "column": "rank", "scorer": {**scorer, "aggregate": "rank"}}
    ranked, places = applied(clustered, by_rank)
    assert ranked.details == {"target_texts": 1, "without_embedding": 0, "sampled_texts": 30}
    assert ranked.counts["flops"] > scored.counts["flops"], "the sample is embedded too"
    order = places.sort_by([("rank", "descending")]).to_pylist()
    assert (order[0][TEXT], order[-1][TEXT], order[-1]["rank"]) == (texts[7], "", 0)
    first, *others = (row["rank"] for row in order[:-1])
    assert 30 / 31 - 0.02 < first <= 1, "between the highest of the sample and a cosine of 1"
    assert others == pytest.approx([place / 31 for place in range(29, 0, -1)], abs=0.02)


def test_a_corpus_with_too_few_vectors_for_its_clusters_is_told(stored: Callable[..., Manifest], store: Store) -> None:
    step = Step.model_validate({**PARTS, "clusters": 1000})
    with pytest.raises(Mistake, match="1000 clusters need as many different vectors"):
        apply_step("cluster", step, stored([documents()]), store, 0)


@pytest.mark.parametrize("given", [{}, {"keep": 0.5, "threshold": 0.5}])
def test_a_share_or_a_threshold_is_given(given: dict[str, Any]) -> None:
    with pytest.raises((Mistake, ValidationError), match="give one"):
        DedupSemantic(**given)


def test_it_reads_the_columns_of_the_steps_that_it_names() -> None:
    assert DedupSemantic(keep=0.5, cluster="part", by="v").columns == [ID, "v", "part", "part_similarity"]
