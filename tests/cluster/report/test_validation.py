"""The table and the page of a validation."""

import re

from cluster.report.validation import headline, page, ranked, text_table
from pipelines.store.manifest import Manifest
from tuning.validation.results import Agreement, Correlation, Validated


def around(value: float) -> Correlation:
    return Correlation(value=value, low=value - 0.2, high=min(1.0, value + 0.2))


FOUND = Validated(
    documents=4_000,
    targets=["held_out", "quiz <b>"],
    probe={
        "words": {"held_out": around(0.1), "quiz <b>": around(0.3)},
        "helpful": {"held_out": around(0.6), "quiz <b>": around(0.5)},
        "same": {"held_out": Correlation(value=None), "quiz <b>": Correlation(value=None)},
    },
    retrain={
        "cells": {
            "words": {"held_out": around(0.4), "quiz <b>": around(0.2)},
            "helpful": {"held_out": around(0.3), "quiz <b>": around(0.7)},
            "same": {"held_out": Correlation(value=None), "quiz <b>": Correlation(value=None)},
        }
    },
    ceilings={"cells": {"held_out": around(0.8), "quiz <b>": around(0.75)}},
    agreement={
        "helpful": Agreement(
            proxies=2,
            between=[[1.0, 0.3, 0.2], [0.3, 1.0, None], [0.2, None, 1.0]],
            damping=0.1,
            dampings={"0.1": 1.0, "1": 0.93},
        )
    },
)
MANIFEST = Manifest(
    address="validation-0", name="validation", kind="validation", ingredients={}, details=FOUND.model_dump()
)


def test_the_best_score_of_a_target_stands_first_and_one_without_ranks_last() -> None:
    assert ranked(FOUND, "held_out") == ["words", "helpful", "same"]
    assert ranked(FOUND, "quiz <b>") == ["helpful", "words", "same"]


def test_the_headline_names_what_is_above_chance_in_all_tests() -> None:
    assert headline(FOUND) == "helpful tells in every test which text helps"
    weaker = FOUND.model_copy(update={"probe": dict.fromkeys(FOUND.probe, FOUND.probe["words"])})
    assert headline(weaker) == "No score tells in every test which text helps"


def test_the_text_holds_every_figure_in_columns() -> None:
    first, second, agreement = text_table(MANIFEST).split("\n\n")
    lines = first.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert re.split(r"  +", lines[0].strip()) == ["held_out", "one step", "random clusters"]
    assert re.split(r"  +", lines[1].strip()) == ["words", "+0.10 [-0.10, +0.30]", "+0.40 [+0.20, +0.60]"]
    assert lines[3].split() == ["same", "no", "ranks", "no", "ranks"]
    assert lines[4].split() == ["ceiling", "+0.80", "[+0.60,", "+1.00]"]
    assert second.startswith("quiz <b>")
    assert "proxy 2    +0.30     +1.00  no ranks" in agreement
    assert agreement.endswith("damping 0.1 against others: +1.00 with 0.1, +0.93 with 1")


def test_the_page_escapes_names_and_shows_intervals() -> None:
    html = page(MANIFEST, "mine")
    assert "quiz &lt;b&gt;" in html
    assert "quiz <b>" not in html
    assert html.count('class="range clear"') == 8
    assert "model 1" in html
    assert "<title>mine: validation · Gleaner</title>" in html


def test_without_small_models_there_is_no_ceiling() -> None:
    only_probe = Validated(documents=9, targets=["held_out"], probe={"words": {"held_out": around(0.3)}})
    manifest = MANIFEST.model_copy(update={"details": only_probe.model_dump()})
    assert "ceiling" not in text_table(manifest)
    assert 'class="ceiling"' not in page(manifest, "mine")
