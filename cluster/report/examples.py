"""Examples: how documents begin that a step kept or dropped, read from a few row groups of what is in the store."""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cluster.report.schema import Beginning
from pipelines.contracts.rows import ID, TEXT
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

KEPT = 3
ROW_GROUPS = 12  # of at most 1,024 rows are looked through for what was dropped, 4 ms each on a disk
CHARACTERS = 400


def kept(stage: Manifest, store: Store) -> list[Beginning]:
    """KEPT documents of the stage or fewer, from shards that are spread over all of it; none where it has no texts."""
    if TEXT not in stage.columns:
        return []
    shards = [stage.shards[place] for place in _spread(len(stage.shards), KEPT)]
    tables = [store.read_row_group(shard, 0)[0].select([ID, TEXT]) for shard in shards]
    each = -(-KEPT // len(tables))
    chosen = pa.concat_tables([table.take(pa.array(_spread(table.num_rows, each))) for table in tables])
    return [_beginning(row[ID], row[TEXT]) for row in chosen.slice(0, KEPT).to_pylist()]


def beginnings(ids: Collection[str], stage: Manifest, store: Store) -> dict[str, str]:
    """How the documents of these ids begin, by id: those that are found in the first ROW_GROUPS of the stage."""
    wanted = pa.array(sorted(set(ids)), pa.string())
    found: dict[str, str] = {}
    for table in _row_groups(stage, store):
        rows = table.filter(pc.is_in(table[ID], wanted)).select([ID, TEXT])
        found |= {row[ID]: _beginning(row[ID], row[TEXT]).text for row in rows.to_pylist()}
        if len(found) == len(wanted):
            break
    return found


def _beginning(id: str, text: str) -> Beginning:
    return Beginning(id=id, text=shortened(text, CHARACTERS))


def shortened(text: str, characters: int) -> str:
    """The text without the white space around it, cut to so many characters, which then shows."""
    whole = text.strip()
    return whole[:characters] + (" …" if len(whole) > characters else "")


def _row_groups(stage: Manifest, store: Store) -> Iterator[pa.Table]:
    """The first row group of one shard after the other, ROW_GROUPS in all at most."""
    for shard in stage.shards[:ROW_GROUPS]:
        yield store.read_row_group(shard, 0)[0]


def _spread(length: int, most: int) -> list[int]:
    """At most so many places below `length`, evenly spread from the first on."""
    return list(np.unique(np.arange(most) * length // most))
