"""What the numbers of a comparison allow to be said, in words, and no more than that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cluster.report import figures
from cluster.report.schema import Arm, Report
from pipelines.contracts.durations import duration

Outcome = Literal["win", "tie", "loss", "few_seeds", "one_arm"]
LABELS: dict[Outcome, str] = {
    "win": "better beyond the seed spread",
    "tie": "no difference beyond the seed spread",
    "loss": "worse beyond the seed spread",
    "few_seeds": "fewer than three seeds, not judged",
    "one_arm": "nothing to compare with",
}
LEAST_SEEDS = 3  # the range of two is often a tenth of that of many, so a multiple of it says nothing
BEST_OF = 3  # of so many other arms, or more, the best owes something to luck
FEWER = {1: "one seed", 2: "two seeds"}
UNEQUAL_FLOPS = 0.01  # arms whose training FLOPs differ by more than this share are not compared fairly


@dataclass(frozen=True)
class Verdict:
    """The headline and what has to be said with it, names of arms in backticks; `cautions` weaken the headline."""

    outcome: Outcome
    headline: str
    remarks: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The outcome in a few words."""
        return LABELS[self.outcome]


def verdict(report: Report) -> Verdict:
    """The best of the other arms against the first: better or worse only by more than the seeds' spread."""
    first, *others = report.arms
    if not others:
        sentence = f"`{first.name}` reads held-out text in {_bits(first)} bits per byte; no other arm to compare with."
        return Verdict("one_arm", sentence)
    best = min(others, key=lambda arm: (not _beats(first, arm), arm.bits_per_byte.mean))
    outcome, headline = _judge(first, best)
    remarks = [*_multiplier(first, best, outcome), _price(first, best), *_shared(report)]
    remarks += [*_others(first, best, others), *_luck(best, others)]
    return Verdict(outcome, headline, tuple(remarks), tuple(_cautions(report, outcome)))


def spread_of(first: Arm, arm: Arm) -> float | None:
    """The larger spread of the two arms in bits per byte; None where one of them has fewer than LEAST_SEEDS seeds."""
    if _fewest_seeds(first, arm) < LEAST_SEEDS:
        return None
    return max(first.bits_per_byte.spread, arm.bits_per_byte.spread)


def gain_of(first: Arm, arm: Arm) -> float:
    """Bits per byte that `arm` needs fewer than `first`; negative where it needs more."""
    return first.bits_per_byte.mean - arm.bits_per_byte.mean


def _fewest_seeds(first: Arm, arm: Arm) -> int:
    return min(len(first.bits_per_byte.seeds), len(arm.bits_per_byte.seeds))


def total_multiplier(first: Arm, arm: Arm) -> float | None:
    """The compute multiplier with the data's FLOPs on both sides; None where there is no multiplier."""
    if not arm.compute_multiplier or not arm.training_flops:
        return None
    as_good = arm.compute_multiplier * arm.training_flops  # what the first arm's training takes to be as good
    return (as_good + first.data_flops) / (arm.training_flops + arm.data_flops)


def break_even(first: Arm, arm: Arm) -> float | None:
    """The training FLOPs above which the arm's data costs less than its training saves; None where it saves nothing.

    With a multiplier m that holds at any size a training of C FLOPs does the work of m x C, so what the data costs more
    is earned back from cost / (m - 1) on.
    """
    if arm.compute_multiplier is None or arm.compute_multiplier <= 1:
        return None
    return max(0.0, arm.data_flops - first.data_flops) / (arm.compute_multiplier - 1)


def _beats(first: Arm, arm: Arm) -> bool:
    spread = spread_of(first, arm)
    return spread is not None and gain_of(first, arm) > spread


def _judge(first: Arm, best: Arm) -> tuple[Outcome, str]:
    gain, spread = gain_of(first, best), spread_of(first, best)
    reads = f"`{best.name}` reads held-out text in {_bits(best, gain)} bits per byte, {_compared(first, gain)}"
    if spread is None:
        return "few_seeds", f"{reads}: not judged, with {FEWER[_fewest_seeds(first, best)]} in an arm."
    if gain > spread:
        return "win", f"{reads}, {_in_spreads(gain, spread)}."
    if gain >= -spread:
        return "tie", f"No arm beats `{first.name}` beyond the spread: {reads}, {_in_spreads(gain, spread)}."
    return "loss", f"No arm beats `{first.name}`: the best other, {reads}, {_in_spreads(gain, spread)}."


def _compared(first: Arm, gain: float) -> str:
    difference = _digits(abs(gain), gain)
    if not float(difference):
        return f"as many as `{first.name}`"
    return f"{difference} {'fewer' if gain > 0 else 'more'} than `{first.name}`"


def _in_spreads(gain: float, spread: float) -> str:
    return f"{figures.times(abs(gain) / spread)} the seed spread" if spread else "and the seeds agree exactly"


def _multiplier(first: Arm, best: Arm, outcome: Outcome) -> list[str]:
    """What the difference is worth in training FLOPs; nothing where there is none, or no multiplier."""
    multiplier, total = best.compute_multiplier, total_multiplier(first, best)
    if not multiplier or not total or outcome not in ("win", "loss"):
        return []
    bound = "" if best.multiplier_is == "exact" else f"{best.multiplier_is} "
    interval, over = best.multiplier_interval, " and ".join(best.interval_over)
    between = f" ({figures.times(interval[0])} to {figures.times(interval[1])} over {over})" if interval else ""
    counted = f"; {figures.times(total)} counting the FLOPs of the data" if best.data_flops or first.data_flops else ""
    needs = f"`{first.name}` needs {bound}{figures.times(multiplier)} the training FLOPs of `{best.name}` to be as good"
    return [f"{needs}{between}{counted}.", *_break_even(first, best)]


def _break_even(first: Arm, best: Arm) -> list[str]:
    enough = break_even(first, best)
    if not enough:
        return []
    if enough <= best.training_flops:
        return [f"Its data is worth its FLOPs from a training of {figures.flops(enough)} on: less than this one."]
    return [
        f"Its data is worth its FLOPs from a training of {figures.flops(enough)} on, "
        f"{figures.times(enough / best.training_flops)} this one."
    ]


def _luck(best: Arm, others: Sequence[Arm]) -> list[str]:
    """That the best of several looks better than it is."""
    if len(others) < BEST_OF:
        return []
    return [f"`{best.name}` is the best of {len(others)} other arms on this very text, which flatters it a little."]


def _price(first: Arm, best: Arm) -> str:
    slower = best.data_seconds - first.data_seconds
    model_work = f" and {figures.flops(best.data_flops)} of model work" if best.data_flops else ""
    return (
        f"`{best.name}` chose {figures.size(best.bytes)} of text (`{first.name}`: {figures.size(first.bytes)}), "
        f"which took {duration(abs(slower))} {'more' if slower >= 0 else 'less'} to prepare{model_work}."
    )


def _shared(report: Report) -> list[str]:
    """A sentence on how the training FLOPs differ between arms of equal text; none for arms of equal FLOPs."""
    if report.shared != "text":
        return []
    spent = [arm.training_flops for arm in report.arms]
    return [
        "All arms read equally much text, in tokens of their own: training FLOPs go from "
        f"{figures.flops(min(spent))} to {figures.flops(max(spent))}."
    ]


def _others(first: Arm, best: Arm, others: list[Arm]) -> list[str]:
    sentences = []
    for arm in sorted(others, key=lambda arm: arm.bits_per_byte.mean):
        gain, spread = gain_of(first, arm), spread_of(first, arm)
        if arm is best or spread is None:
            continue
        apart = abs(gain_of(arm, best))
        doubt = f"; it is not told apart from `{best.name}`" if apart <= (spread_of(arm, best) or 0) else ""
        how = "also beats" if gain > spread else "is worse than" if gain < -spread else "is not told apart from"
        sentences.append(f"`{arm.name}` {how} `{first.name}` ({figures.signed(-gain)} bits per byte){doubt}.")
    return sentences


def _cautions(report: Report, outcome: Outcome) -> list[str]:
    sentences = []
    spent = [arm.training_flops for arm in report.arms]
    if report.shared == "flops" and max(spent) > min(spent) * (1 + UNEQUAL_FLOPS):
        sentences.append(
            f"Not a fair comparison: training FLOPs go from {figures.flops(min(spent))} to {figures.flops(max(spent))}."
        )
    if outcome == "few_seeds":
        sentences.append("A difference from so few seeds may be luck; run at least three, as with `--seeds 0,1,2`.")
    counts = {len(arm.bits_per_byte.seeds) for arm in report.arms}
    if len(counts) > 1:
        sentences.append(f"The arms have different numbers of seeds: {min(counts)} to {max(counts)}.")
    return sentences


def _digits(value: float, gain: float) -> str:
    """The value with two decimals, with three where the gain is below 0.1 bits per byte."""
    return f"{value:.{2 if abs(gain) >= 0.1 else 3}f}"


def _bits(arm: Arm, gain: float = 1.0) -> str:
    return _digits(arm.bits_per_byte.mean, gain)
