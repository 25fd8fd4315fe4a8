"""Inspect: what is in the store and which components there are, as text."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from cluster.config import load
from pipelines.build import data_addresses
from pipelines.contracts.component import PLACEMENT, Component, component_in, kinds
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import find_models, with_models

FAMILIES = {
    "sources": ("pipelines.contracts.rows", "Source"),
    "filters": ("pipelines.contracts.rows", "Filter"),
    "scorers": ("pipelines.contracts.rows", "Scorer"),
    "selectors": ("pipelines.contracts.rows", "Selector"),
    "rewriters": ("pipelines.contracts.rows", "Rewriter"),
    "engines": ("pipelines.contracts.rows", "Engine"),
    "codecs": ("pipelines.contracts.codec", "Codec"),
    "byte_models": ("pipelines.contracts.byte_model", "ByteModel"),
    "steps": ("pipelines.contracts.step", "Step"),
    "models": ("training.contracts", "Model"),
    "curricula": ("training.contracts", "Curriculum"),
}
SHOWN_ROWS = 3
SHOWN_CHARACTERS = 200


def show(target: str, store_url: str) -> str:
    """A manifest with its lineage and first rows, or the address of every stage that the store has of a run's file."""
    if Path(target).suffix in (".yaml", ".yml"):
        return _show_run(target)
    store = Store(store_url)
    manifest = store.manifest(target)
    if manifest is None:
        raise ValueError(f"no address '{target}' in store '{store_url}'; give --store, or look with ls {store_url}")
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
    module, class_name = FAMILIES[family]
    root: type[Component] = getattr(importlib.import_module(module), class_name)
    for kind in kinds(root.family):
        component = component_in(f"{root.family}.{kind}", root)
        yield f"  {kind:18} {(component.__doc__ or '').strip().splitlines()[0]}"
        for name, field in component.model_fields.items():
            if name != "kind":
                default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
                where = " (placement)" if PLACEMENT in field.metadata else ""
                yield f"      {name}: {default}{where}"


def _show_run(file: str) -> str:
    config = load(file)
    store = Store(config.store)
    lines = [f"{config.name}: {file}, store {store.path('')}"]
    models = find_models(config.recipe, store)
    lines += [f"  model {name}: {manifest.address}" for name, manifest in models.items()]
    if missing := [name for name in config.needed_models if name not in models]:
        return "\n".join([*lines, f"  model {missing[0]}: not trained yet, and what follows depends on it"])
    for address in data_addresses(with_models(config.recipe, models, store).data, config.seed).values():
        manifest = store.manifest(address)
        lines.append(f"  {address:40} {_flow(manifest) if manifest else 'not built yet'}")
    return "\n".join(lines)


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
    for row in store.read_table(manifest.shards[0]).slice(0, SHOWN_ROWS).to_pylist() if manifest.shards else []:
        for name, value in row.items():
            text = " ".join(str(value).split())
            yield f"  {name}: {text[:SHOWN_CHARACTERS]}{'...' if len(text) > SHOWN_CHARACTERS else ''}"
        yield ""
