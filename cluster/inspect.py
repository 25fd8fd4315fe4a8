"""Inspect: what is in the store, as text."""

from collections.abc import Iterator

from cluster.names import config_file
from cluster.plan import plan
from pipelines.contracts.durations import duration
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.showing import shown, visible

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
    lines += [f"  column {name}: {kind}" for name, kind in manifest.columns.items()]
    return [*lines, *(f"  {name}: {fact}" for name, fact in manifest.provenance.items())]


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
