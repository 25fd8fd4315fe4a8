"""Inspect: what is in the store, as text."""

from collections.abc import Iterator

from cluster.names import config_file
from cluster.plan import plan
from pipelines.contracts.durations import duration
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.showing import shown, visible
from training.results import Asked, CategoryAnswers, TaskAnswers

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 200


def show(target: str, store_url: str) -> str:
    """A manifest with its lineage and first rows, or the stages of the run of that name, without hidden orders.

    Mistake says what was looked for where there is neither.
    """
    manifest = Store(store_url).manifest(target)
    return visible(_run(target, store_url) if manifest is None else _stage(manifest, Store(store_url)))


def _stage(manifest: Manifest, store: Store) -> str:
    return "\n".join(
        [*_summary(manifest), "", "lineage", *_lineage(manifest, store), "", *_first_rows(manifest, store)]
    )


def _run(target: str, store_url: str) -> str:
    try:
        file = config_file(target)
    except Mistake as error:
        raise Mistake(
            f"store '{store_url}' has no address '{target}', and {error}; gleaner plan FILE lists a run's addresses, "
            "and --store names another store"
        ) from None
    return f"{file}\n{plan(file, [])}"


def _summary(manifest: Manifest) -> list[str]:
    lines = [f"{manifest.address}  ({manifest.kind})", f"  {_flow(manifest)}", f"  {duration(manifest.seconds)}"]
    for title, counts in (("dropped", manifest.dropped), ("bad", manifest.bad), ("counts", manifest.counts)):
        lines += [f"  {title} {name}: {count:,.0f}" for name, count in counts.items()]
    lines += _answers(manifest) if manifest.kind == "tasks" else []
    lines += [f"  column {name}: {kind}" for name, kind in manifest.columns.items()]
    return [*lines, *(f"  {name}: {fact}" for name, fact in manifest.provenance.items())]


def _answers(manifest: Manifest) -> Iterator[str]:
    """What a model answers: its tasks by category, then each category."""
    asked = manifest.details_as(Asked)
    for name, task in sorted(asked.tasks.items(), key=lambda each: (each[1].category, each[0])):
        left_out = f", {task.left_out:,} left out" if task.left_out else ""
        where = f" ({task.category})" if task.category else ""
        yield f"  task {name}{where}: {task.items:,} items{left_out}, {_answered(task)}"
    for name, category in asked.categories.items():
        yield f"  category {name}: mean of {category.tasks} tasks, {_answered(category)}"


def _answered(found: TaskAnswers | CategoryAnswers) -> str:
    bits = f"{found.bits_per_byte:.4f} bits per byte"
    if found.accuracy is None or found.accuracy_per_byte is None or found.chance is None:
        return bits
    share, low, high = found.accuracy.share, found.accuracy.low, found.accuracy.high
    return (
        f"{bits}, {share:.1%} right ({low:.1%} to {high:.1%}; chance {found.chance:.1%}), "
        f"{found.accuracy_per_byte.share:.1%} per byte"
    )


def _flow(manifest: Manifest) -> str:
    return (
        f"{manifest.rows_in:,} -> {manifest.rows:,} rows, {manifest.bytes / 1e6:,.1f} MB, {len(manifest.shards)} shards"
    )


def _lineage(manifest: Manifest, store: Store, depth: int = 1) -> Iterator[str]:
    yield f"{'  ' * depth}{manifest.address}"
    for before in manifest.inputs:
        found = store.manifest(before)
        if found is not None:
            yield from _lineage(found, store, depth + 1)


def _first_rows(manifest: Manifest, store: Store) -> Iterator[str]:
    for row in shown(store.read_table(manifest.shards[0]).slice(0, SHOWN_ROWS)) if manifest.shards else []:
        for name, value in row.items():
            text = " ".join(str(value).split())
            yield f"  {name}: {text[:SHOWN_CHARACTERS]}{'...' if len(text) > SHOWN_CHARACTERS else ''}"
        yield ""
