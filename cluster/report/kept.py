"""Kept: no report is lost to one of other arms that goes to the same place."""

from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pipelines.contracts.location import public
from pipelines.store.store import Store


class _Arm(BaseModel):
    name: str


class _Report(BaseModel):
    """What of a report of any release says which runs it is of."""

    arms: list[_Arm]


def check_replaces_no_other(folder: Path, arms: Collection[str], store: Store) -> None:
    """Raises ValueError where a report of other arms is in the folder, or in the store under the folder's name."""
    here, there = folder / "report.json", f"reports/{folder.resolve().name}/report.json"
    found = {str(here): here.read_bytes()} if here.is_file() else {}
    if store.filesystem.exists(store.path(there)):
        found[public(store.path(there))] = store.read(there)
    for place, text in found.items():
        kept = _arms_of(text)
        if kept != set(arms):
            raise ValueError(
                f"'{place}' is the report of {_listed(kept)} and would be lost to one of {_listed(arms)}; give --out "
                "another folder, the run another name, or move the old report away"
            )


def _arms_of(text: bytes) -> set[str]:
    try:
        return {arm.name for arm in _Report.model_validate_json(text).arms}
    except ValidationError:
        return set()


def _listed(arms: Collection[str]) -> str:
    return " and ".join(f"'{name}'" for name in sorted(arms)) or "something else"
