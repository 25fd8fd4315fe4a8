"""Inspect: what is in the store and which components there are, as text."""

from collections.abc import Iterator

from pipelines.contracts.byte_model import ByteModel
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import PLACEMENT, Component, component_in, kinds
from pipelines.contracts.engine import Engine
from pipelines.contracts.filter import Filter
from pipelines.contracts.rewriter import Rewriter
from pipelines.contracts.scorer import Scorer
from pipelines.contracts.selector import Selector
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.showing import shown, visible
from training.contracts import Curriculum, Model, Objective

ROOTS: tuple[type[Component], ...] = (
    Source,
    Filter,
    Scorer,
    Selector,
    Rewriter,
    Engine,
    Codec,
    ByteModel,
    Step,
    Model,
    Objective,
    Curriculum,
)
FAMILIES = {root.family.rpartition(".")[2]: root for root in ROOTS}
SHOWN_ROWS = 3
SHOWN_CHARACTERS = 200


def show(target: str, store_url: str) -> str:
    """A manifest with its lineage and first rows; ValueError with the cure where the store has no such address."""
    store = Store(store_url)
    manifest = store.manifest(target)
    if manifest is None:
        raise ValueError(
            f"no address '{target}' in store '{store_url}'; give --store, or list a run's "
            "addresses with gleaner plan FILE"
        )
    return "\n".join(
        [*_summary(manifest), "", "lineage", *_lineage(manifest, store), "", *_first_rows(manifest, store)]
    )


def kinds_table(family: str) -> str:
    """Every kind of a family, or of all, with the first line of its documentation and its parameters."""
    if family and family not in FAMILIES:
        raise ValueError(f"no family '{family}'; known: {', '.join(FAMILIES)}")
    lines: list[str] = []
    for name in [family] if family else FAMILIES:
        lines += [name, *_kinds(name), ""]
    return "\n".join(lines).rstrip()


def _kinds(family: str) -> Iterator[str]:
    root = FAMILIES[family]
    for kind in kinds(root.family):
        component = component_in(f"{root.family}.{kind}", root)
        yield f"  {kind:18} {(component.__doc__ or '').strip().splitlines()[0]}"
        for name, field in component.model_fields.items():
            if name != "kind":
                default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
                where = " (placement)" if PLACEMENT in field.metadata else ""
                yield f"      {name}: {default}{where}"


def _summary(manifest: Manifest) -> list[str]:
    lines = [f"{manifest.address}  ({manifest.kind})", f"  {_flow(manifest)}", f"  {manifest.seconds:.1f} s"]
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
            text = visible(" ".join(str(value).split()))
            yield f"  {name}: {text[:SHOWN_CHARACTERS]}{'...' if len(text) > SHOWN_CHARACTERS else ''}"
        yield ""
