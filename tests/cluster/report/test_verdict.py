"""The verdict says no more than the numbers do."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.report.schema import Report
from cluster.report.verdict import Verdict, break_even, gain_of, spread_of, total_multiplier, verdict

MakeReport = Callable[..., Report]
Finals = dict[str, list[float]]


@pytest.fixture(scope="session")
def judged(make_report: MakeReport) -> Callable[[Finals], Verdict]:
    return lambda finals: verdict(make_report(finals))


def test_a_win_is_measured_in_spreads(judged: Callable[[Finals], Verdict]) -> None:
    found = judged({"random": [2.53, 2.51, 2.52], "gleaned": [2.32, 2.30, 2.31], "simplified": [2.42, 2.42, 2.42]})
    assert found.outcome == "win"
    sentence = "`gleaned` reads held-out text in 2.31 bits per byte, 0.21 fewer than `random`, 10.5x the seed spread."
    assert found.headline == sentence
    assert found.remarks[0].startswith("`random` needs 2.2x the training FLOPs of `gleaned` to be as good")
    assert "`simplified` also beats `random` (−0.100 bits per byte)." in found.remarks
    assert not found.cautions


def test_a_difference_within_the_spread_is_a_tie(judged: Callable[[Finals], Verdict]) -> None:
    found = judged({"random": [2.53, 2.49, 2.51], "gleaned": [2.51, 2.49, 2.50]})
    assert found.outcome == "tie"
    assert found.headline.startswith("No arm beats `random` beyond the spread")
    assert not any("multiplier" in remark for remark in found.remarks)


def test_an_equal_arm_is_called_equal(judged: Callable[[Finals], Verdict]) -> None:
    found = judged({"random": [2.5, 2.4, 2.45], "gleaned": [2.5, 2.4, 2.45]})
    assert found.outcome == "tie"
    assert "as many as `random`" in found.headline


def test_a_loss_is_said(judged: Callable[[Finals], Verdict]) -> None:
    found = judged({"random": [2.30, 2.31, 2.30], "gleaned": [2.50, 2.51, 2.50]})
    assert found.outcome == "loss"
    assert found.headline.startswith("No arm beats `random`: the best other, `gleaned` reads")
    assert "0.20 more than `random`" in found.headline
    assert found.remarks[0].startswith("`random` needs 0.5x the training FLOPs of `gleaned` to be as good")


@pytest.mark.parametrize(
    ("finals", "told"),
    [
        ({"random": [2.5], "gleaned": [2.2]}, "one seed"),
        ({"random": [2.50, 2.51], "gleaned": [2.20, 2.21]}, "two seeds"),
        ({"random": [2.50, 2.51, 2.50], "gleaned": [2.20, 2.21]}, "two seeds"),
    ],
)
def test_fewer_than_three_seeds_judge_nothing(judged: Callable[[Finals], Verdict], finals: Finals, told: str) -> None:
    found = judged(finals)
    assert found.outcome == "few_seeds"
    assert found.headline.endswith(f"not judged, with {told} in an arm.")
    assert any("luck" in caution and "--seeds 0,1,2" in caution for caution in found.cautions)
    assert not any(word in " ".join(found.remarks) for word in ("multiplier", "beats", "worse", "told apart"))


def test_the_best_of_many_owes_something_to_luck(example: Report) -> None:
    first, *others = example.arms
    several = [arm.model_copy(update={"name": f"{arm.name}-{copy}"}) for arm in others for copy in range(2)]
    remarks = verdict(example.model_copy(update={"arms": [first, *several]})).remarks
    assert any("is the best of 4 other arms on this very text" in remark for remark in remarks)
    assert not any("flatters" in remark for remark in verdict(example).remarks)


def test_seeds_that_agree_exactly(judged: Callable[[Finals], Verdict]) -> None:
    assert "the seeds agree exactly" in judged({"random": [2.5, 2.5, 2.5], "gleaned": [2.2, 2.2, 2.2]}).headline


def test_one_arm_is_not_judged(judged: Callable[[Finals], Verdict]) -> None:
    assert judged({"random": [2.5, 2.4]}).outcome == "one_arm"


def test_a_sure_gain_goes_before_a_larger_unsure_one(judged: Callable[[Finals], Verdict]) -> None:
    found = judged({"random": [2.50, 2.51, 2.51], "gleaned": [2.40, 2.41, 2.41], "simplified": [1.9, 2.8, 2.3]})
    assert found.outcome == "win"
    assert found.headline.startswith("`gleaned`")
    assert any(remark.startswith("`simplified` is not told apart from `random`") for remark in found.remarks)


def test_unequal_compute_is_no_fair_comparison(example: Report) -> None:
    first, *others = example.arms
    dearer = first.model_copy(update={"training_flops": first.training_flops * 1.05})
    found = verdict(example.model_copy(update={"arms": [dearer, *others]}))
    assert any("Not a fair comparison" in caution for caution in found.cautions)


def test_equal_text_leaves_flops_unequal_and_says_so(example: Report) -> None:
    first, arm = example.arms[:2]
    cheaper = first.model_copy(update={"training_flops": first.training_flops / 4})
    found = verdict(example.model_copy(update={"shared": "text", "arms": [cheaper, arm]}))
    assert not found.cautions
    assert any("training FLOPs go from 302 TFLOP to 1.21 PFLOP" in remark for remark in found.remarks)


def test_an_arm_with_more_flops_may_be_better_and_dearer(example: Report) -> None:
    first, arm = example.arms[:2]
    dearer = arm.model_copy(update={"training_flops": 4 * first.training_flops, "compute_multiplier": 0.5})
    found = verdict(example.model_copy(update={"shared": "text", "arms": [first, dearer]}))
    assert found.remarks[0].startswith("`random` needs 0.5x the training FLOPs of `gleaned` to be as good")
    alone = dearer.model_copy(update={"data_flops": 0.0})
    assert total_multiplier(first, alone) == pytest.approx(0.5)


def test_a_multiplier_that_is_a_bound_is_called_one(example: Report) -> None:
    first, arm = example.arms[:2]
    least = arm.model_copy(update={"compute_multiplier": 12.0, "multiplier_is": "at least"})
    (said,) = [each for each in verdict(example.model_copy(update={"arms": [first, least]})).remarks if "needs" in each]
    assert "needs at least 12.0x the training FLOPs" in said


def test_an_interval_is_told_with_what_it_was_drawn_from(example: Report) -> None:
    first, arm = example.arms[:2]
    told = {"multiplier_interval": (1.8, 2.5), "interval_over": ["seeds", "documents"]}
    found = verdict(example.model_copy(update={"arms": [first, arm.model_copy(update=told)]}))
    assert any("(1.8x to 2.5x over seeds and documents)" in remark for remark in found.remarks)


def test_data_flops_eat_the_multiplier(example: Report) -> None:
    first, arm = example.arms[:2]
    dear = arm.model_copy(update={"data_flops": first.training_flops})
    assert total_multiplier(first, arm.model_copy(update={"data_flops": 0.0})) == pytest.approx(2.2)
    assert total_multiplier(first, dear) == pytest.approx(2.2 / 2)
    assert break_even(first, dear) == pytest.approx(first.training_flops / 1.2)
    assert break_even(first, arm.model_copy(update={"compute_multiplier": 0.9})) is None
    (said,) = [each for each in verdict(example.model_copy(update={"arms": [first, dear]})).remarks if "worth" in each]
    assert said.startswith("Its data is worth its FLOPs from a training of 1.01 PFLOP on: less than this one.")
    assert total_multiplier(first, arm.model_copy(update={"compute_multiplier": None})) is None


values = st.lists(st.floats(1, 4).map(lambda value: round(value, 3)), min_size=1, max_size=4)


@given(finals=st.lists(values, min_size=2, max_size=3))
def test_a_win_is_said_only_where_one_is_shown(make_report: MakeReport, finals: list[list[float]]) -> None:
    report = make_report(dict(zip(["random", "gleaned", "simplified"], finals, strict=False)))
    first, *others = report.arms
    spreads = [spread_of(first, arm) for arm in others]
    shown = any(
        spread is not None and gain_of(first, arm) > spread for arm, spread in zip(others, spreads, strict=True)
    )
    assert (verdict(report).outcome == "win") == shown
