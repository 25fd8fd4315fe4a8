"""Clean: what a store holds that no finished result needs, told or deleted."""

from collections import defaultdict
from collections.abc import Sequence

from pipelines.contracts.location import public
from pipelines.store.store import Store
from pipelines.store.unneeded import Unneeded, find_unneeded


def told(store_url: str, idle_hours: float) -> str:
    """What would be deleted, by address; the store is only looked at."""
    found = find_unneeded(Store(store_url), idle_hours * 3600)
    if not found:
        return f"'{public(store_url)}' holds nothing without a use that is older than {idle_hours:g} h"
    return "\n".join([*_by_address(found), f"{_sum(found)} in all; --delete removes it"])


def delete(store_url: str, idle_hours: float) -> str:
    """What `told` would tell is gone; returns a line that says how much that was."""
    store = Store(store_url)
    found = find_unneeded(store, idle_hours * 3600)
    for each in found:
        store.remove(each.path)
    return f"deleted {_sum(found)} from {public(store_url)}"


def _by_address(found: Sequence[Unneeded]) -> list[str]:
    groups: dict[tuple[str, str], list[Unneeded]] = defaultdict(list)
    for each in found:
        groups[each.path.partition("/")[0], each.why].append(each)
    return [f"{address}: {_sum(group)}, {why}" for (address, why), group in groups.items()]


def _sum(found: Sequence[Unneeded]) -> str:
    return f"{sum(each.bytes for each in found) / 1e6:,.1f} MB"
