"""Built: the one way by which a result gets to its address: found there, or made, timed and committed."""

import logging
import time
from collections.abc import Callable

from pipelines.contracts.mistakes import Mistake
from pipelines.store.lease import lease
from pipelines.store.manifest import Manifest
from pipelines.store.provenance import provenance
from pipelines.store.store import Store

LOGGER = logging.getLogger(__name__)


def built(store: Store, target: str, make: Callable[[], Manifest]) -> Manifest:
    """The manifest at the address `target`: that of the store, or what `make` returns, which is in the store then.

    Two builders may make the same address at the same time; the manifest of the first one stands.
    """
    if (finished := store.manifest(target)) is not None:
        return finished
    started = time.monotonic()
    made = make()
    seconds = time.monotonic() - started
    LOGGER.info("%s: %s%.1f s", target, _flow(made), seconds)
    return store.commit(made.model_copy(update={"seconds": seconds, "provenance": provenance()}))


def built_alone(store: Store, target: str, make: Callable[[], Manifest]) -> Manifest:
    """As `built`, for work that has a single folder: one builder makes it, the others wait for its manifest.

    Mistake where another builder took over meanwhile; what was made then is not committed.
    """
    with lease(store, target, lambda: store.manifest(target) is not None) as is_ours:
        if is_ours is not None:
            return built(store, target, lambda: _still_ours(target, make(), is_ours))
    finished = store.manifest(target)
    assert finished is not None, f"the lease of {target} ended without a manifest"
    return finished


def _still_ours(target: str, made: Manifest, is_ours: Callable[[], bool]) -> Manifest:
    if not is_ours():
        raise Mistake(
            f"{target} was taken over by another process while this one was not heard of; run the same command again "
            "to wait for its result"
        )
    return made


def _flow(made: Manifest) -> str:
    return f"{made.rows_in:,} -> {made.rows:,} rows, {made.bytes / 1e6:.1f} MB, " if made.shards else ""
