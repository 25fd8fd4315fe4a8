"""A report is replaced by one of the same arms only."""

import json
from pathlib import Path

import pytest

from cluster.report.kept import check_replaces_no_other
from pipelines.store.store import Store


def _report(*arms: str) -> bytes:
    return json.dumps({"title": "x", "arms": [{"name": arm, "rows": 3} for arm in arms]}).encode()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_a_report_of_the_same_arms_is_replaced(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "mine"
    check_replaces_no_other(folder, ["a", "b"], store)
    folder.mkdir()
    (folder / "report.json").write_bytes(_report("b", "a"))
    store.write("reports/mine/report.json", _report("a", "b"))
    check_replaces_no_other(folder, ["a", "b"], store)


@pytest.mark.parametrize(("kept", "told"), [(_report("mine"), "'mine'"), (b"{", "something else")])
def test_a_report_of_other_arms_stops_before_any_work(tmp_path: Path, store: Store, kept: bytes, told: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "report.json").write_bytes(kept)
    with pytest.raises(
        ValueError, match=f"report.json' is the report of {told} and would be lost to one of 'a' and 'b'"
    ):
        check_replaces_no_other(folder, ["b", "a"], store)
    (folder / "report.json").unlink()
    store.write("reports/mine/report.json", kept)
    with pytest.raises(
        ValueError, match=r"store/reports/mine/report.json' is the report of .*; give --out another folder"
    ):
        check_replaces_no_other(folder, ["b", "a"], store)
