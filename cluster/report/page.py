"""The report as one HTML file that needs nothing else: no network, no fonts, no libraries."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinja2 import Environment
from markupsafe import Markup, escape

from cluster.report import figures, tables
from cluster.report.changes import Comparison, compare
from cluster.report.charts import plots
from cluster.report.charts.lines import Axis
from cluster.report.compression import compression
from cluster.report.differences import differences
from cluster.report.funnel import funnels, leaks, words
from cluster.report.lineage import chain
from cluster.report.schema import Arm, HeldOut, Histogram, Passage, Report, Sample
from cluster.report.tasks import tasks
from cluster.report.templates import HERE, environment
from cluster.report.verdict import verdict
from cluster.report.writing import SAMPLING
from pipelines.texts.showing import visible

SAMPLES = 6  # shown of an arm's rewritten documents
LONG = 140  # characters of a value of a config; what is longer is folded
HUES = 8  # arm colours of the style sheet; further arms start over, as rings and dotted lines
SHARE_AXIS = Axis("share of the data in play", figures.share, tick_text=figures.percent, least=0.0)
BUCKET_AXIS = Axis("mean difficulty bucket", figures.number, least=0.0)


@dataclass(frozen=True)
class Documents:
    """The rewritten documents of the arms that share them; those that are shown are compared word by word."""

    arms: list[int]
    shown: list[tuple[str, Comparison]]
    total: int


def render(report: Report) -> str:
    """The whole page; equal reports give equal bytes. Text of the corpus is escaped, and no script but ours may run."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    arms = report.arms
    template = _environment().get_template("page.html.j2")
    return template.render(
        report=report,
        arms=arms,
        verdict=verdict(report),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        strips=plots.seed_strips(arms),
        rows=tables.headline(arms),
        over=next((arm.interval_over for arm in arms if arm.interval_over), []),
        differences=differences(arms),
        genres=tables.by_genre(arms),
        tasks=tasks(arms),
        chosen_genres=tables.shares_by_genre(arms),
        ends=_shared(arms, lambda arm: arm.ends),
        curves_of=_curves_of(report.held_out),
        written=_written(arms),
        sampling=SAMPLING,
        held_out_chart=plots.held_out_chart(arms),
        not_drawn=figures.percent(plots.DRAWN_FROM),
        compression=compression(arms),
        loss_chart=plots.training_loss_chart(arms),
        funnels=funnels(arms),
        samples=_documents(arms),
        histograms=[(places, [plots.histogram_chart(s) for s in arm.scores]) for places, arm in _shared(arms, _scores)],
        share_chart=plots.plan_chart(arms, lambda plan: plan.active_share, SHARE_AXIS),
        bucket_chart=plots.plan_chart(arms, lambda plan: plan.mean_bucket, BUCKET_AXIS),
        leaks=leaks(arms),
        lineage=chain(arms),
    )


def _environment() -> Environment:
    made = environment()
    made.globals["long"] = LONG
    made.filters |= {
        "words": words,
        "named": _named,
        "breakable": _breakable,
        "in_line": lambda text: re.sub(r"\s*\n\s*", " ↵ ", text),
        "hue": lambda place: f"hue-{place % HUES}{' again' if place >= HUES else ''}",
    }
    return made


def _curves_of(held_out: HeldOut) -> str:
    """What the curves are measured on, beside the table that is of all of the held-out text."""
    if held_out.curve_bytes >= held_out.bytes:
        return "on the held-out text"
    return f"on a sample of the held-out text, about {figures.size(held_out.curve_bytes)}"


def _written(arms: Sequence[Arm]) -> list[tuple[str, list[tuple[int, Passage]]]]:
    """Each prompt, with the places of the arms and what they wrote behind it."""
    prompts = dict.fromkeys(passage.prompt for arm in arms for passage in arm.written)
    return [
        (prompt, [(place, each) for place, arm in enumerate(arms) for each in arm.written if each.prompt == prompt])
        for prompt in prompts
    ]


def _shared(arms: Sequence[Arm], read: Callable[[Arm], Sequence[object]]) -> list[tuple[list[int], Arm]]:
    """The arms in groups for which `read` gives the same: their places, and one of them; empty values are left out."""
    groups: list[tuple[list[int], Arm]] = []
    for place, arm in enumerate(arms):
        twins = [places for places, other in groups if read(other) == read(arm)]
        if twins:
            twins[0].append(place)
        elif read(arm):
            groups.append(([place], arm))
    return groups


def _scores(arm: Arm) -> list[Histogram]:
    return arm.scores


def _samples(arm: Arm) -> list[Sample]:
    return arm.samples


def _documents(arms: Sequence[Arm]) -> list[Documents]:
    return [
        Documents(places, [(s.id, compare(s.before, s.after)) for s in arm.samples[:SAMPLES]], len(arm.samples))
        for places, arm in _shared(arms, _samples)
    ]


def _named(sentence: str) -> Markup:
    """The sentence as safe HTML, in which names in backticks are set as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(visible(sentence)))))


def _breakable(text: str, signs: str) -> Markup:
    """The text as safe HTML that may go on in a new line behind each of these signs; no escape has one of them."""
    return Markup(re.sub(f"([{re.escape(signs)}])", r"\1<wbr>", str(escape(visible(text)))))
