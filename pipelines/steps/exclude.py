"""Step `exclude`: documents that models have been trained on are left out of what comes next."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.rows import DROPPED, ID, PARENTS, BoolArray, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.id_sets import IdSet
from pipelines.inference.model_files import ModelName, model_fingerprint
from pipelines.inference.trained_on import check_trained, documents_of
from pipelines.store.manifest import Manifest, Shard
from pipelines.store.mapped import mapped_arrays
from pipelines.store.store import READERS, Store
from pipelines.texts.arrays import one_array

Datasets = Sequence[tuple[Store, Manifest]]


class Exclude(Step):
    """Drops the documents that one of `models` has been trained on, as `trained_on`, so that each is read once.

    A document is known by its id, whatever steps have made of its text. A passage of step `cut` goes where a model read
    it, or all of its document, and a document where a model read a passage of it; the other passages of that document
    stay. What a model went on from has been read as well. The ids take 16 bytes each and are sorted once on a machine,
    whose workers map them.
    """

    models: Annotated[list[ModelName], Field(min_length=1), PLACEMENT]

    @property
    def columns(self) -> list[str]:
        """The id; `parents` is read where it is there."""
        return [ID]

    def fingerprint(self) -> dict[str, str]:
        """The address of each model's training."""
        return {f"model.{number}": model_fingerprint(each)["model"] for number, each in enumerate(self.models)}

    def check(self) -> None:
        """Mistake where one of the models is none of a store."""
        for model in self.models:
            check_trained(model)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"datasets": {address: (Store, Manifest)}}`: what the models have been trained on."""
        found: dict[str, tuple[Store, Manifest]] = {}
        for model in self.models:
            found |= documents_of(model)
        return {"datasets": dict(sorted(found.items()))}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, which looks up their ids."""
        datasets: dict[str, tuple[Store, Manifest]] = fitted["datasets"]
        name = hashlib.sha256("\n".join(datasets).encode()).hexdigest()[:32]
        read, partly_read = (_mapped(f"{name}-{column}", list(datasets.values()), column) for column in (ID, PARENTS))

        def exclude(rows: pa.Table, place: Place) -> Outcome:
            ids = one_array(rows[ID])
            known = read.holds(ids) | partly_read.holds(ids) | _of_known_parents(read, rows)
            lost = rows.filter(pa.array(known))
            reasons = pa.array(["trained_on"] * lost.num_rows, pa.string())
            details = pa.array([""] * lost.num_rows, pa.string())
            return Outcome(rows.filter(pa.array(~known)), pa.table([lost[ID], reasons, details], schema=DROPPED))

        return exclude

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """How many documents the models have been trained on, by the address of the dataset."""
        return {"trained_on": {address: manifest.rows for address, (_, manifest) in fitted["datasets"].items()}}


def _of_known_parents(read: IdSet, rows: pa.Table) -> BoolArray:
    """(n,) whether a model read the whole document that a passage was cut from."""
    known = np.zeros(rows.num_rows, dtype=bool)
    if PARENTS in rows.column_names:
        parents = one_array(rows[PARENTS])
        known[pc.list_parent_indices(parents).to_numpy()[read.holds(pc.list_flatten(parents))]] = True
    return known


def _mapped(name: str, datasets: Datasets, column: str) -> IdSet:
    return IdSet(**mapped_arrays(f"ids-{name}", lambda: vars(IdSet.of(_ids(datasets, column)))))


def _ids(datasets: Datasets, column: str) -> Iterator[pa.Array]:
    """The ids in a column of all shards that have it, READERS of them read at a time."""

    def read(place: tuple[Store, Shard]) -> pa.Array:
        ids = one_array(place[0].read_columns(place[1], [column])[column])
        return pc.list_flatten(ids) if column == PARENTS else ids

    places = [(store, shard) for store, manifest in datasets if column in manifest.columns for shard in manifest.shards]
    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(read, places)
