"""Which runs may stand in one comparison, known before any of them has started."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster import commands
from cluster.commands import Series, at_budget, check_comparable, check_equal_flops, check_out
from cluster.config import RunConfig, dump, validate
from cluster.report.writing import writing_address
from cluster.run import main
from pipelines.contracts.mistakes import Mistake
from pipelines.store.store import Store


def arm(name: str, **training: Any) -> RunConfig:
    tree = {
        "name": name,
        "data": {"source": {"kind": "python_topics", "half": "target"}},
        "evaluation": {"held_out": {"kind": "python_topics", "half": "evaluation"}},
        "training": training,
    }
    return validate(tree, name)


def test_arms_of_equal_flops_are_comparable() -> None:
    assert check_comparable([arm("a"), arm("b", tokens=2_010_000), arm("c")]) == "flops"
    assert check_comparable([arm("alone")]) == "flops"


def test_arms_of_equal_text_are_comparable_whatever_their_models() -> None:
    small, large = ({"kind": "llama", "layers": layers} for layers in (2, 8))
    arms = [arm("a", text_bytes=10**7, model=small), arm("b", text_bytes=10**7, model=large)]
    assert check_comparable(arms) == "text"
    assert check_comparable(arms[:1]) == "text"


@pytest.mark.parametrize("training", [{"tokens": 4_000_000}, {"model": {"kind": "llama", "layers": 8}}])
def test_arms_of_other_flops_are_refused_with_both_cures(training: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"do not train for equal FLOPs; make .*tokens.* equal, or .*text_bytes"):
        check_comparable([arm("a"), arm("b", **training)])


@pytest.mark.parametrize("training", [{}, {"tokens": 2_000_000}, {"text_bytes": 10**6}])
def test_arms_of_other_text_are_refused_with_both_cures(training: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"'b' and 'c' do not train on equal text.* make it equal .*training\.tokens"):
        check_comparable([arm("a", text_bytes=10**7), arm("b", text_bytes=10**7), arm("c", **training)])


def test_flops_are_equal_within_a_hundredth() -> None:
    check_equal_flops({"a": 1.0, "b": 1.009})
    with pytest.raises(ValueError, match="arms 'a' and 'b' do not train for equal FLOPs"):
        check_equal_flops({"a": 1.0, "b": 1.02})


def test_arms_share_names_stores_and_held_out_text_as_they_have_to() -> None:
    one = arm("a")
    with pytest.raises(ValueError, match="two arms are named 'a'"):
        check_comparable([one, one])
    with pytest.raises(ValueError, match="arms share one store"):
        check_comparable([one, arm("b").model_copy(update={"store": "elsewhere"})])
    evaluation = one.evaluation.model_copy(update={"curve_bytes": 9})
    with pytest.raises(ValueError, match="make `evaluation` equal"):
        check_comparable([one, arm("b").model_copy(update={"evaluation": evaluation})])


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command that ends with exit status 2 says on stderr."""

    def told(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["gleaner", *arguments])
        with pytest.raises(SystemExit, match="2"):
            main()
        return capsys.readouterr().err

    return told


@pytest.mark.parametrize("seeds", ["-1", "0,0"])
def test_seeds_are_different_and_not_below_0(refused: Callable[..., str], seeds: str) -> None:
    told = refused("compare", "a.yaml", "b.yaml", "--out", "x", f"--seeds={seeds}")
    assert f"--seeds '{seeds}' has one twice or below 0" in told


def test_overrides_stand_behind_the_files_of_a_comparison(refused: Callable[..., str], tmp_path: Path) -> None:
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(dump(arm(file.stem)), encoding="utf-8")
    told = refused("compare", *map(str, files), "training.tokns=5", "--out", "x")
    assert f"{files[0]}:\n  training.tokns: no such key; did you mean 'tokens'?" in told


def test_a_message_holds_no_secret(refused: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(dump(arm("a")), encoding="utf-8")
    override = "data.source={kind: jsonl, path: 'https://u:s3cret@host/x?s3cret'"
    assert "s3cret" not in refused("plan", str(file), override)


def test_a_fault_of_the_program_is_no_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: str, overrides: Sequence[str]) -> str:
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(commands, "data", broken)
    monkeypatch.setattr(sys, "argv", ["gleaner", "data", "a.yaml"])
    with pytest.raises(ValueError, match="operands"):
        main()


def test_seeds_that_are_no_numbers_are_refused_with_the_cure(refused: Callable[..., str]) -> None:
    told = refused("compare", "a.yaml", "b.yaml", "--out", "x", "--seeds", "0,a")
    assert "--seeds '0,a' is not whole numbers with commas between; give them as in 0,1,2" in told


def test_a_report_of_other_arms_is_not_overwritten(tmp_path: Path) -> None:
    check_out(tmp_path, ["mine"])
    (tmp_path / "report.json").write_text(json.dumps({"arms": [{"name": "random"}, {"name": "mine"}]}))
    check_out(tmp_path, ["random", "mine"])
    with pytest.raises(ValueError, match=r"holds the report of random, mine, and this one is of mine; give another"):
        check_out(tmp_path, ["mine"])


def test_a_report_is_all_there_when_the_model_of_each_first_seed_has_written(tmp_path: Path) -> None:
    store, recipes = Store(str(tmp_path)), commands._seeded(arm("a"), [0, 1])
    stages = [address for recipe in recipes for address in commands._addresses(recipe, store)]
    trained = next(address for address in stages if address.startswith("train-"))
    written = writing_address(recipes[0].evaluation.held_out, trained)
    assert list(commands._arm_addresses(recipes, store)) == [*stages, written]


def test_a_ray_of_ones_own_refuses_what_it_has_no_room_for(
    ray_session: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    config = arm("a", gpus=1).model_copy(update={"store": str(tmp_path)})
    nothing_yet = ["clean-0123456789ab"]
    with (
        pytest.raises(ValueError, match=r"'training' asks for 1 workers with 1 CPU and 1 GPU each, .* room for 0"),
        commands._session_for(nothing_yet, config),
    ):
        pass
    with commands._session_for(nothing_yet, config, []):
        pass


def test_a_budget_is_a_multiple_of_the_tokens_in_whole_batches() -> None:
    config = arm("a", tokens=10_000, batch_tokens=1_024)
    series = Series(seeds=[3, 4], budgets=[0.25, 2.0])
    assert [each.training.tokens for each in at_budget(config, 0.25, series)] == [2_048, 2_048]
    assert [(each.seed, each.training.tokens) for each in at_budget(config, 2.0, series)] == [(3, 20_480), (4, 20_480)]
    assert at_budget(config, 0.001, Series())[0].training.tokens == 1_024, "a batch is the least"
    assert series.options() == ["--seeds=3,4", "--budgets=0.25,2"]
    with pytest.raises(Mistake, match=r"--budgets are multiples of `training.tokens`, which the first arm leaves open"):
        at_budget(arm("a", tokens=None, text_bytes=50_000), 2.0, series)
