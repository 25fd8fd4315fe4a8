"""What holds for every step, a newcomer's too: its file is found here the moment it exists."""

import functools
import json
import math
import pickle
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from pydantic import ValidationError

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.rows import DROPPED, ID, PARENTS, SAMPLE, TEXT, TOKEN_COUNT, TOKENS, Fitted, Outcome
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.corpus.corpus import StoredCorpus
from pipelines.passes.units import Attempt
from pipelines.sources.reading.documents import content_ids
from pipelines.store.address import ingredients
from pipelines.store.encoded import Encoded
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import as_column, from_column

SEED = 3
REASON = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(:[a-z][a-z0-9]*(_[a-z0-9]+)*)*")
LEAKED = "We utilize a number of tools in order to commence work on the bridge."
TEXTS = [
    "The cat sat on the mat. It was warm.",
    "the  CAT sat on the mat. it was warm.",
    LEAKED + " It is subsequently done, see https://example.com/x for more.",
    "I am 12 years old; " * 9,
    "",
    " ",
    "a",
    "\x00\u2028\ufeff",
    "e\u0301 🙂 日本語。" * 9,
    "def f(x):\n    return x\n",
    *(f"Document {number} tells of {number % 7} small things, word by word." for number in range(28)),
    "The cat sat on the mat. It was warm.",
]
SHARDS = [TEXTS[:25], TEXTS[25:]]

# `{held_out}` is a jsonl file whose one text a document contains, `{model}` a folder with a tiny model, `{trained}`
# one of a store that was trained on some of the documents.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "clean": [
        {"filters": [{"kind": "length", "min_characters": 20, "min_words": 3}]},
        {"filters": [{"kind": "symbols"}, {"kind": "length"}]},
    ],
    "cluster": [{"column": "part", "clusters": 3}, {"column": "part", "clusters": 1, "by": "narrow", "points": 9}],
    "cut": [
        {"model": "{model}", "tokens": 3},
        {"model": "{model}", "tokens": 1000},
        {"model": "{model}", "tokens": 7, "join": "\n\n"},
    ],
    "decontaminate": [
        {"against": {"test": {"kind": "jsonl", "path": "{held_out}"}}, "words": 5},
        {"against": {"test": {"kind": "jsonl", "path": "{held_out}"}}, "words": 1, "max_share": 0.3},
    ],
    "dedup_semantic": [
        {"threshold": 0.9, "by": "narrow", "first": "near"},
        {"keep": 0.1},
    ],
    "dedup_exact": [{}, {"normalize": "exact"}],
    "embed": [{"column": "vector", "embedder": {"kind": "hidden", "model": "{model}", "context": 64}}],
    "encode": [{"codec": {"kind": "bytes"}}, {"codec": {"kind": "bpe", "vocab": 300}, "verify": "all"}],
    "exclude": [{"models": ["{trained}"]}],
    "gradients": [{"model": "{model}", "features": {"dimensions": 400, "context": 64}}],
    "pack": [
        {"length": 16},
        {"length": 8, "by": "grade", "buckets": 3, "easy": "high"},
    ],
    "quota": [{"quotas": {"wiki": 5, "code": 100}}, {"quotas": {"wiki": 40}, "count": "tokens"}],
    "rewrite": [{"rewriter": {"kind": "leaner"}, "engine": {"kind": engine}} for engine in ("lexical", "echo")],
    "score": [{"column": "size", "scorer": {"kind": "length"}}],
    "select": [
        {"selector": {"kind": "top_fraction", "by": "grade", "fraction": 0.4}},
        {"selector": {"kind": "random", "fraction": 0.5}},
    ],
}
CHANGES = {"rewrite": {TEXT}}  # the columns that a step is there to change; all others go through as they are
BY_PLACE = {"dedup_exact", "dedup_semantic"}  # what it learned names rows by their shard and their place in it
ROUNDED = {"embed": "vector"}  # a column that a batch of other shape rounds otherwise
KINDS = kinds(Step.family)
CASES = [(kind, index) for kind in KINDS for index in range(len(PARAMETERS.get(kind, [{}])))]
of_every_case = pytest.mark.parametrize(("kind", "index"), CASES)


def documents(shard: int) -> pa.Table:
    """One shard with every column that some step reads, and some that none does; `number` is a row's own."""
    texts = SHARDS[shard]
    numbers = [shard * 100 + row for row in range(len(texts))]
    nulls = [None if number % 5 == 0 else number for number in numbers]
    return pa.table(
        {
            ID: content_ids(pa.array(texts, pa.string())),
            TEXT: pa.array(texts, pa.string()),
            "source": pa.array([("wiki", "code", "mail")[number % 3] for number in numbers], pa.string()),
            "genre": pa.array([None if number % 4 == 0 else "prose" for number in numbers], pa.string()),
            "grade": pa.array([float(number * 7 % 11) for number in numbers], pa.float64()),
            TOKEN_COUNT: pa.array([len(text.encode()) for text in texts], pa.int64()),
            TOKENS: pa.array([list(text.encode()) for text in texts], pa.large_list(pa.uint16())),
            "number": pa.array(numbers, pa.int64()),
            "embedding": as_column(vectors_of(numbers, 8)),
            "narrow": pa.array(vectors_of(numbers, 2).tolist(), pa.list_(pa.float32())),
            "cluster": pa.array([number % 2 for number in numbers], pa.int32()),
            "cluster_similarity": pa.array([number * 5 % 7 / 7 for number in numbers], pa.float64()),
            "note": pa.array(nulls, pa.int32()),
            "nested": pa.array([{"a": [number]} for number in numbers], pa.struct([("a", pa.list_(pa.int8()))])),
        }
    )


def vectors_of(numbers: Sequence[int], width: int) -> np.ndarray:
    """Vectors, most of length 1; every ninth is zero and every seventh twice as long."""
    vectors = np.array([np.random.default_rng(number).normal(size=width) for number in numbers])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scale = [0.0 if number % 9 == 4 else 2.0 if number % 7 == 3 else 1.0 for number in numbers]
    return (vectors * np.array(scale)[:, None]).astype(np.float32)


@pytest.fixture(scope="module")
def corpus(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> StoredCorpus:
    """The documents as a stored dataset of two shards."""
    store = Store(str(tmp_path_factory.mktemp("store")))
    shards = [store.write_table(f"law-1/x/part-{number}.parquet", documents(number), 0) for number in range(2)]
    details = Encoded(vocab_size=257, end=256, lossless=True, codec={"kind": "bytes"}, files={}).model_dump()
    manifest = Manifest(
        address="law-1", name="law", kind="law", ingredients={}, shards=shards, rows=len(TEXTS), details=details
    )
    return StoredCorpus(store, manifest, Attempt.begin(store, "law-2"))


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path, trained_on: Callable[..., str]
) -> Callable[[str, int], Step]:
    """Makes step number `index` of a kind."""
    held_out = tmp_path_factory.mktemp("held-out") / "test.jsonl"
    held_out.write_text(json.dumps({"text": LEAKED}) + "\n")
    trained = trained_on(documents(1).select([ID]).slice(0, 9), number=0xA)

    def make(kind: str, index: int) -> Step:
        parameters = json.dumps(PARAMETERS.get(kind, [{}])[index]).replace("{held_out}", str(held_out))
        parameters = parameters.replace("{model}", str(tiny_llama)).replace("{trained}", trained)
        try:
            return Step.model_validate({"kind": kind, **json.loads(parameters)})
        except ValidationError:
            if kind in PARAMETERS:
                raise
            return pytest.fail(f"step '{kind}' is new and needs parameters: add some for it to PARAMETERS in this file")

    return make


@pytest.fixture(scope="module")
def fitted(made: Callable[[str, int], Step], corpus: StoredCorpus) -> Callable[[str, int], Fitted]:
    """What the fit of a case over the whole corpus learned; every case is fitted once."""
    return functools.cache(lambda kind, index: made(kind, index).fit(of_its_own(corpus, f"{kind}-{index}"), SEED))


def of_its_own(corpus: StoredCorpus, name: str) -> StoredCorpus:
    """The corpus with room of its own for side tables, as each build has it."""
    return StoredCorpus(corpus.store, corpus.manifest, Attempt.begin(corpus.store, f"law-{name}"))


@pytest.fixture
def opened(made: Any, fitted: Any) -> Callable[[str, int], StepFn]:
    """Opens a case with what it learned."""
    return lambda kind, index: made(kind, index).open(fitted(kind, index), SEED)


def whole(apply: StepFn, shard: int = 0) -> Outcome:
    return at(apply, documents(shard), shard)


def at(apply: StepFn, rows: pa.Table, shard: int = 0, first_row: int = 0) -> Outcome:
    """What the step does to rows that stand one after the other in a shard."""
    return apply(rows, Place.in_shard(shard, first_row, rows.num_rows))


def assert_same(outcome: Outcome, expected: Outcome) -> None:
    assert outcome.rows.equals(expected.rows)
    assert outcome.dropped.equals(expected.dropped)
    assert outcome.counts == expected.counts
    assert outcome.samples.equals(expected.samples)


def assert_same_rows(kind: str, rows: pa.Table, expected: pa.Table) -> None:
    """The same rows in the same order, to the bit but for the column of ROUNDED."""
    if kind in ROUNDED:
        found, wanted = (from_column(table, ROUNDED[kind]) for table in (rows, expected))
        np.testing.assert_allclose(found, wanted, atol=2e-5)
        rows, expected = (table.drop_columns([ROUNDED[kind]]) for table in (rows, expected))
    assert rows.equals(expected)


def is_row_local(outcome: Outcome) -> bool:
    """Whether rows stay rows; a step that cuts them anew writes no id, or where each piece is from."""
    return ID in outcome.rows.column_names and PARENTS not in outcome.rows.column_names


@of_every_case
def test_travels_as_pickle_json_and_yaml(made: Any, kind: str, index: int) -> None:
    step = made(kind, index)
    tree = step.model_dump(mode="json")
    assert Step.model_validate(json.loads(json.dumps(tree))) == step
    assert Step.model_validate(yaml.safe_load(yaml.safe_dump(tree))) == step
    assert pickle.loads(pickle.dumps(step)) == step
    assert ingredients(step) == ingredients(pickle.loads(pickle.dumps(step)))
    step.check()


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_does(kind: str) -> None:
    assert component_in(f"{Step.family}.{kind}", Step).__doc__


@of_every_case
def test_every_row_goes_on_or_is_dropped_with_a_reason(opened: Any, kind: str, index: int) -> None:
    apply = opened(kind, index)
    for shard in range(len(SHARDS)):
        before, outcome = documents(shard), whole(apply, shard)
        assert outcome.dropped.schema.equals(DROPPED)
        assert outcome.samples.schema.equals(SAMPLE)
        assert all(REASON.fullmatch(reason or "") for reason in outcome.dropped["reason"].to_pylist())
        assert outcome.dropped["detail"].null_count == 0
        assert all(math.isfinite(count) and count >= 0 for count in outcome.counts.values())
        if is_row_local(outcome):
            numbers = outcome.rows["number"].to_pylist()
            lost = [row[ID] for row in before.to_pylist() if row["number"] not in set(numbers)]
            assert numbers == sorted(set(numbers))
            assert sorted(outcome.dropped[ID].to_pylist()) == sorted(lost)


@of_every_case
def test_the_documents_here_give_it_something_to_do(opened: Any, kind: str, index: int) -> None:
    outcomes = {shard: whole(opened(kind, index), shard) for shard in range(len(SHARDS))}
    assert any(outcome.rows.num_rows for outcome in outcomes.values())
    changed = [not outcome.rows.equals(documents(shard)) for shard, outcome in outcomes.items()]
    assert any(changed) or any(any(outcome.counts.values()) for outcome in outcomes.values())


@of_every_case
def test_columns_go_through_untouched(made: Any, opened: Any, kind: str, index: int) -> None:
    before, outcome = documents(0), whole(opened(kind, index))
    new = made(kind, index).adds
    if is_row_local(outcome):
        assert set(outcome.rows.column_names) == {*before.column_names, *new}
        kept = before.filter(pc.is_in(before["number"], value_set=outcome.rows["number"].combine_chunks()))
        for name in before.column_names:
            if name not in {*new, *CHANGES.get(kind, ())}:
                assert outcome.rows[name].equals(kept[name]), name


@of_every_case
def test_the_table_that_came_in_stays_as_it_was(opened: Any, kind: str, index: int) -> None:
    before = documents(0)
    at(opened(kind, index), before)
    assert before.equals(documents(0))


@of_every_case
def test_a_row_is_decided_alone(opened: Any, kind: str, index: int) -> None:
    apply, table = opened(kind, index), documents(0)
    expected = whole(apply)
    if not is_row_local(expected):
        return
    for cut in (0, 7, table.num_rows):
        parts = [at(apply, table.slice(0, cut)), at(apply, table.slice(cut), first_row=cut)]
        assert_same_rows(kind, pa.concat_tables([part.rows for part in parts]), expected.rows)
        assert sorted_rows([part.dropped for part in parts]) == sorted_rows([expected.dropped])
    if kind not in BY_PLACE:
        shuffled = at(apply, table.take(np.random.default_rng(0).permutation(table.num_rows)))
        ordered = shuffled.rows.sort_by("number"), expected.rows.sort_by("number")
        assert_same_rows(kind, *ordered)
        assert sorted_rows([shuffled.dropped]) == sorted_rows([expected.dropped])


@of_every_case
def test_shards_that_share_a_unit_come_to_the_same(opened: Any, kind: str, index: int) -> None:
    apply = opened(kind, index)
    apart = [whole(apply, shard) for shard in range(len(SHARDS))]
    if not is_row_local(apart[0]):
        return
    tables = [documents(shard) for shard in range(len(SHARDS))]
    place = Place.joined([Place.in_shard(shard, 0, table.num_rows) for shard, table in enumerate(tables)])
    together = apply(pa.concat_tables(tables), place)
    assert_same_rows(kind, together.rows, pa.concat_tables([outcome.rows for outcome in apart]))
    assert sorted_rows([together.dropped]) == sorted_rows([outcome.dropped for outcome in apart])


def sorted_rows(tables: Sequence[pa.Table]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for table in tables for row in table.to_pylist())


@of_every_case
def test_a_table_in_chunks_is_the_same_table(opened: Any, kind: str, index: int) -> None:
    apply, table = opened(kind, index), documents(0)
    padded = pa.concat_tables([table.slice(20), table])
    chunked = pa.concat_tables([padded.slice(5, 3), padded.slice(8)])
    assert chunked.equals(table)
    assert chunked[TEXT].num_chunks > 1
    assert_same(at(apply, chunked), whole(apply))


@of_every_case
def test_a_step_needs_what_it_names_and_no_more(made: Any, opened: Any, kind: str, index: int) -> None:
    apply, table = opened(kind, index), documents(0)
    needed = table.select(list(dict.fromkeys([ID, *made(kind, index).columns])))
    bare, expected = at(apply, needed), whole(apply)
    assert bare.rows.equals(expected.rows.select(bare.rows.column_names))
    assert bare.dropped.equals(expected.dropped)


@of_every_case
def test_a_table_without_rows_has_the_same_columns(opened: Any, kind: str, index: int) -> None:
    apply, table = opened(kind, index), documents(0)
    expected = whole(apply).rows.schema
    chunks_none = pa.table([pa.chunked_array([], field.type) for field in table.schema], schema=table.schema)
    for empty in (table.slice(0, 0), table.schema.empty_table(), chunks_none):
        outcome = at(apply, empty)
        assert outcome.rows.num_rows == outcome.dropped.num_rows == outcome.samples.num_rows == 0
        assert outcome.rows.schema.equals(expected)
        assert outcome.dropped.schema.equals(DROPPED)
        assert not any(outcome.counts.values())


@of_every_case
def test_columns_that_a_step_adds_replace_those_of_the_same_name(made: Any, opened: Any, kind: str, index: int) -> None:
    new = made(kind, index).adds
    table = documents(0)
    without = table.drop_columns([name for name in new if name in table.column_names])
    crowded = without
    for name in new:
        crowded = crowded.append_column(name, pa.array(["of an earlier step"] * table.num_rows))
    outcome, expected = (at(opened(kind, index), before) for before in (crowded, without))
    assert sorted(outcome.rows.column_names) == sorted(expected.rows.column_names)
    assert outcome.rows.select(expected.rows.column_names).equals(expected.rows)
    assert outcome.dropped.equals(expected.dropped)


@of_every_case
def test_the_same_seed_gives_the_same_result(
    made: Any, opened: Any, corpus: StoredCorpus, kind: str, index: int
) -> None:
    step = made(kind, index)
    seed = SEED if step.seeded else SEED + 1  # what is not seeded is the same under every seed
    again = step.open(step.fit(of_its_own(corpus, f"{kind}-{index}-again"), seed), seed)
    for shard in range(len(SHARDS)):
        expected = whole(opened(kind, index), shard)
        assert_same(whole(again, shard), expected)
        assert_same(whole(again, shard), expected)


@of_every_case
def test_what_was_learned_travels_and_can_be_shown(made: Any, opened: Any, fitted: Any, kind: str, index: int) -> None:
    step, learned = made(kind, index), fitted(kind, index)
    outcome = whole(step.open(pickle.loads(pickle.dumps(learned)), SEED))
    assert_same(outcome, whole(opened(kind, index)))
    json.dumps(step.details(learned), allow_nan=False)
    assert all(isinstance(data, bytes) for data in step.artifacts(learned).values())
    assert 0 <= step.fit_flops(learned) < math.inf
