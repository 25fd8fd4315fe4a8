"""The table and the page of a sweep, from a manifest alone."""

import re
from typing import Any

import pytest
import yaml

from cluster.report.sweep import best, overrides, page, ranked, short_names, text_table
from pipelines.store.manifest import Manifest

FRACTION = "data.steps.chosen.selector.fraction"
CURRICULUM = "training.curriculum"
RATE = "training.learning_rate"
EASY = {"kind": "easy_first", "growth": "step"}


def trial(number: int, bits: float, state: str, share: float, **values: Any) -> dict[str, Any]:
    return {
        "number": number,
        "values": {FRACTION: values["fraction"], CURRICULUM: values["curriculum"], RATE: values["rate"]},
        "state": state,
        "bits_per_byte": bits,
        "share": share,
        "steps": 60,
        "flops": 1e9,
        "seconds": 12.0,
        "curve": [[0.2, bits + 1], [share, bits]] if number != 3 else [],
        "addresses": {},
    }


@pytest.fixture
def manifest() -> Manifest:
    trials = [
        trial(1, 2.5, "finished", 1.0, fraction=0.1, curriculum=EASY, rate=0.001),
        trial(2, 2.25, "stopped", 0.33, fraction=0.9, curriculum={"kind": "<uniform>"}, rate=0.01),
        trial(3, 2.4, "finished", 1.0, fraction=0.3, curriculum={"kind": "<uniform>"}, rate=0.1),
    ]
    space = {
        FRACTION: {"uniform": [0.05, 0.95]},
        CURRICULUM: {"choice": [{"kind": "<uniform>"}, EASY]},
        RATE: {"log_uniform": [0.001, 0.1]},
    }
    return Manifest(
        address="sweep-0123456789ab",
        name="sweep",
        kind="sweep",
        ingredients={"tuning": {"space": space}},
        inputs=[],
        counts={"trials": 3.0, "finished": 2.0},
        details={"trials": trials, "best": 3},
    )


def test_what_hides_or_turns_text_is_visible(manifest: Manifest) -> None:
    html = page(manifest, "a\u202eb\x1b[31m<i>")
    assert "a\\u202eb\\x1b[31m&lt;i&gt;" in html
    assert not set("\u202e\x1b") & set(html)


def test_finished_trials_come_first_and_the_best_is_one_of_them(manifest: Manifest) -> None:
    assert [each.number for each in ranked(manifest)] == [3, 1, 2]
    assert best(manifest).number == 3


def test_options_that_have_no_room_under_the_axis_are_numbered_and_told_below(manifest: Manifest) -> None:
    html = page(manifest, "sweep")
    assert ">2</span>" in html
    assert '<p class="hint choices">2: {kind: easy_first, growth: step}</p>' in html


def test_the_best_overrides_mean_its_values(manifest: Manifest) -> None:
    assert overrides(ranked(manifest)[1]) == (
        f"{FRACTION}=0.1 '{CURRICULUM}={{kind: easy_first, growth: step}}' {RATE}=0.001"
    )
    for override in re.findall(r"'([^']*)'", overrides(ranked(manifest)[1])):
        assert yaml.safe_load(override.partition("=")[2]) == EASY


def test_the_text_table_has_a_line_a_trial_and_names_the_best(manifest: Manifest) -> None:
    head, *rows, last = text_table(manifest).splitlines()
    assert head.split() == ["bits", "per", "byte", "training", "trial", "fraction", "curriculum", "learning_rate"]
    assert [row.split()[0] for row in rows] == ["2.4000", "2.5000", "2.2500"]
    assert "stopped at 33 %" in rows[-1]
    assert len({len(row) for row in (head, *rows)}) == 1
    assert last.startswith(f"best: {FRACTION}=0.3 ")


def test_names_are_as_short_as_they_can_tell_paths_apart() -> None:
    paths = ["a.select.fraction", "b.pick.fraction", "training.rate", "rate"]
    assert list(short_names(paths).values()) == ["select.fraction", "pick.fraction", "training.rate", "rate"]


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(manifest: Manifest) -> None:
    html = page(manifest, "tiny <run>")
    assert not re.search(r"https?://|<script|@import|url\(", html)
    assert "<uniform>" not in html
    assert "tiny &lt;run&gt;" in html
    assert FRACTION + "=0.3" in html
    assert html == page(manifest, "tiny <run>")


def test_the_page_draws_every_trial_in_every_plot(manifest: Manifest) -> None:
    html = page(manifest, "tiny")
    dots = re.findall(r'<i class="dot (\w+)(?: best)?" style="left:([\d.]+)%;top:([\d.]+)%" title="trial (\d)', html)
    assert len(dots) == 3 * 3 + 2  # three plots of three trials; one trial has no curve
    assert all(0 <= float(x) <= 100 and 0 <= float(y) <= 100 for _, x, y, _ in dots)
    fraction = {number: (float(x), float(y)) for _, x, y, number in dots[:3]}
    assert fraction["1"][0] < fraction["3"][0] < fraction["2"][0]
    assert fraction["1"][1] < fraction["3"][1] < fraction["2"][1]  # y goes down
    rate = {number: float(x) for _, x, _, number in dots[6:9]}
    assert rate == {"1": 0.0, "2": 50.0, "3": 100.0}


def test_a_sweep_of_one_trial_can_be_drawn(manifest: Manifest) -> None:
    alone = manifest.model_copy(update={"details": {"trials": manifest.details["trials"][:1], "best": 1}})
    assert "2.5000" in page(alone, "tiny")
    assert "2.5000" in text_table(alone)
