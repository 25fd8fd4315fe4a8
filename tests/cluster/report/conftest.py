"""A made-up comparison of three arms: every number is fiction, shaped like a real run to be looked at and tested."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cluster.report.schema import (
    Accuracy,
    Arm,
    Beginning,
    BitsPerByte,
    CategoryAnswers,
    Curve,
    Ends,
    Example,
    HeldOut,
    Histogram,
    Passage,
    Plan,
    Report,
    Sample,
    Scored,
    SeedAnswers,
    SeedResult,
    Step,
    TaskAnswers,
)
from cluster.report.writing import ENDED

FINALS = {"random": [2.534, 2.508, 2.521], "gleaned": [2.322, 2.301, 2.309], "simplified": [2.371, 2.340, 2.352]}
MULTIPLIERS = {"gleaned": 2.2, "simplified": 1.9}
TRAINING_FLOPS = 1.21e15
GENRES = {"reference": -0.11, "tutorial": 0.02, "grammar": 0.17}
ENDS = Ends(
    name="ngram_importance",
    high=[Scored(id="1f", score=0.75, text="A plough turns the soil.")],
    low=[Scored(id="2e", score=-3.5, text="See the changelog.")],
)
OVERLAPS = [[1.0, 0.12, 0.08], [0.12, 1.0, 0.9], [0.08, 0.9, 1.0]]
MakeReport = Callable[..., Report]

BAD = {"not_utf8": 41, "syntax_error": 187}
NOTE = "Quarantined input: `quarantine/part-0.parquet`; worst file: `fields/legacy/plough.py`."
DROPPED = {"too_short": 2210, "repeated_lines": 1604, "too_many_symbols": 1188, "not_english": 512, "mostly_links": 409}
REWRITTEN = {"kept_original:unfaithful": 214, "kept_original:too_long": 31, "replaced_words": 88231}
UGLY = [
    Example(reason="too_many_symbols", id="0a4f5bb2c9d04e1796b3f01c2d8a7e55", detail="+---+---+\n| a | b |\n+---+---+"),
    Example(reason="repeated_lines", id="77c1e9f03b8246d5a41f6be0d5c29a13", detail="Deprecated: use reap().\n" * 12),
]
KEPT = [
    Beginning(id="5d0c7be1a94f43d2806e1fa27c3b9d44", text="A furrow turns seeds into grain, one row after the other."),
    Beginning(id="b8e2f60d17c94a35920d4ce8f1a7630b", text="Sheaf.bind(straw)\n\nReturn the sheaf, bound.\n" * 3),
]
PROMPT = "Kernels may be stored in a silo as long as"
WRITTEN = {
    "random": "the the field is of a kernels and the silo, which is not the",
    "gleaned": "they are dry. The silo returns them in the order in which they were stored.",
    "simplified": "",
}
FILTERS = [{"kind": "length", "least_words": 8}, {"kind": "repetition", "most_share": 0.3}, {"kind": "language"}]
SELECTORS = {"random": {"kind": "random", "fraction": 0.2}, "gleaned": {"kind": "top_fraction", "by": "score"}}
LEAKED = [
    Example(
        reason="shared_13_gram",
        id="e91b6d40c2574a80b3d5176fae28c913",
        detail="a furrow is an object that knows how to turn seeds into grain, see topic: furrows",
    )
]
BEFORE = (
    "Compute the weighted harvest of a furrow.\n\nSee also https://fields.example/docs/furrow for additional "
    "information regarding the utilization of this functionality.\n\nThe function subsequently endeavours to ascertain "
    "whether the furrow contains kernels, and in the event that it does not, an exception is raised.\n\n"
    ".. versionadded:: 3.7"
)
AFTER = (
    "Compute the weighted harvest of a furrow.\n\nThe function then tries to find out whether the furrow contains "
    "kernels. If it does not, an exception is raised."
)
REWRITES = [Sample(id="3c90d1f27a6e4b58b1d04c7e92fa6613", before=BEFORE, after=AFTER)]


def curve(seed: int, final: float, speed: float) -> Curve:
    """A run that falls from noise to `final` bits per byte."""
    share = np.linspace(0.01, 1, 300)
    noise = np.random.default_rng(seed).normal(0, 0.05, share.size)
    held_out = np.linspace(0.02, 1, 26)
    fall = 0.62 * (held_out ** (-0.3 * speed) - 1)
    return Curve(
        seed=seed,
        tokens=(share * 6e6).tolist(),
        flops=(share * TRAINING_FLOPS).tolist(),
        training_loss=(3.1 + 0.9 * (share**-0.33 - 1) + noise).tolist(),
        held_out_flops=(held_out * TRAINING_FLOPS).tolist(),
        held_out_bits_per_byte=(final + fall).tolist(),
    )


def made_from(before: Step | None, name: str, kind: str, mark: str, rows: int, size: int, **more: Any) -> Step:
    """A step that takes what `before` gave; without one, a source."""
    taken = {"inputs": [before.address], "rows_in": before.rows, "bytes_in": before.bytes} if before else {}
    return Step(
        **{"rows_in": 0, "bytes_in": 0, **taken, **more},
        name=name,
        kind=kind,
        address=f"{name}-{mark}",
        rows=rows,
        bytes=size,
    )


def shared_steps() -> list[Step]:
    """The steps that two arms have in common: reading to scoring."""
    source = made_from(
        None, "source", "python_docs", "1f0c9d2ab733", 33325, 34_100_000, bad=BAD, notes=[NOTE], seconds=48.2
    )
    clean = made_from(
        source,
        "clean",
        "clean",
        "82e5dac4fc51",
        27402,
        27_900_000,
        dropped=DROPPED,
        examples=UGLY,
        kept=KEPT,
        seconds=21.4,
    )
    copies = {"duplicate": 5444}
    dedup = made_from(clean, "dedup", "dedup_exact", "5b7710ee92c4", 21958, 22_700_000, dropped=copies, seconds=9.8)
    leaked = {"shared_13_gram": 37}
    apart = made_from(
        dedup,
        "apart",
        "decontaminate",
        "c04d1e88a6f2",
        21921,
        22_600_000,
        dropped=leaked,
        examples=LEAKED,
        seconds=12.1,
    )
    targets = {"target_documents": 39}
    score = made_from(
        apart, "score", "score", "3aa96f5e0b1d", 21921, 22_600_000, flops=2.4e12, counts=targets, seconds=14.3
    )
    return [source, clean, dedup, apart, score]


def packed(before: Step, mark: str) -> list[Step]:
    """The steps from chosen text to sequences for training."""
    encode = made_from(before, "encode", "encode", f"{mark}0144e2", before.rows, before.bytes // 2, seconds=6.3)
    pack = made_from(encode, "pack", "pack", f"{mark}77b0c9", 11804, encode.bytes, seconds=3.3)
    return [encode, pack]


def steps_of(name: str) -> list[Step]:
    """The whole chain of an arm."""
    source, *scored = shared_steps()
    if name == "random":
        rest = {"not_selected": 23345}
        chosen = made_from(source, "chosen", "select", "9c12d07e6b40", 9980, 10_200_000, dropped=rest, seconds=4.1)
        return [source, chosen, *packed(chosen, "9c12d0")]
    rest = {"not_selected": 14249}
    chosen = made_from(scored[-1], "chosen", "select", "e4417ba0c35d", 7672, 10_100_000, dropped=rest, seconds=5.0)
    if name != "simplified":
        return [source, *scored, chosen, *packed(chosen, f"{name.encode().hex()[:6]}")]
    easy = made_from(chosen, "easy", "rewrite", "60d2b18fe97a", 7672, 8_300_000, counts=REWRITTEN, seconds=71.0)
    return [source, *scored, chosen, easy, *packed(easy, "60d2b1")]


def histogram(name: str, centre: float) -> Histogram:
    """A bell of scores of which the right end is kept."""
    edges = np.linspace(centre - 3, centre + 3, 33)
    middle = (edges[1:] + edges[:-1]) / 2 - centre
    counts = (1900 * np.exp(-(middle**2) / 1.6)).astype(int)
    kept = (counts / (1 + np.exp(-6 * (middle - 0.4)))).astype(int)
    return Histogram(name=name, edges=edges.tolist(), counts=counts.tolist(), kept=kept.tolist())


def easy_first() -> Plan:
    """A plan that begins with the easiest third and reaches all data at 60 % of training."""
    position = np.linspace(0, 1, 400)
    active = np.minimum(1, 0.33 + 0.67 * np.sqrt(position / 0.6))
    return Plan(position=position.tolist(), active_share=active.tolist(), mean_bucket=(3.5 * active).tolist())


def recipe_of(name: str) -> dict[str, Any]:
    """The config of an arm, of which the seed and the source are those of all arms."""
    steps = {"chosen": {"kind": "select", "selector": SELECTORS.get(name, SELECTORS["gleaned"])}}
    clean = {} if name == "random" else {"clean": {"kind": "clean", "filters": FILTERS}}
    return {"seed": [1, 2, 3], "data": {"source": {"kind": "fields"}, "steps": {**clean, **steps}}}


def seed_answers(finals: list[float], offset: float, share: float | None = None) -> list[SeedAnswers]:
    """The answers of the models that end at these bits per byte; the lower these, the more is right."""
    right = [None if share is None else Accuracy(share=s, low=s - 0.03, high=s + 0.03) for s in _shares(finals, share)]
    return [
        SeedAnswers(seed=seed, bits_per_byte=final + offset, accuracy=each, accuracy_per_byte=each)
        for seed, (final, each) in enumerate(zip(finals, right, strict=True), start=1)
    ]


def _shares(finals: list[float], share: float | None) -> list[float]:
    return [min(1.0, max(0.0, (share or 0.0) + 0.25 * (2.6 - final))) for final in finals]


def asked(finals: list[float]) -> dict[str, Any]:
    """The answers of an arm to four tasks, two of them of one category."""
    tasks = [
        ("sowing", "field work", 0.5, 0.5, 0.5, 0),
        ("reaping", "field work", 0.9, None, None, 3),
        ("milling", "trades", 0.2, 0.25, 0.25, 0),
        ("weather", "", 1.1, None, None, 0),
    ]
    return {
        "tasks": [
            TaskAnswers(
                name=name,
                category=category,
                items=1280,
                left_out=left_out,
                chance=chance,
                seeds=seed_answers(finals, offset, share),
            )
            for name, category, offset, chance, share, left_out in tasks
        ],
        "categories": [
            CategoryAnswers(name="field work", chance=0.5, seeds=seed_answers(finals, 0.7, 0.5)),
            CategoryAnswers(name="trades", chance=0.25, seeds=seed_answers(finals, 0.2, 0.25)),
        ],
    }


def make_arm(name: str, finals: list[float], better: bool) -> Arm:
    """An arm that ends at these bits per byte, one a seed."""
    plain = name == "random"
    steps = steps_of(name)
    seeds = [
        SeedResult(seed=seed, value=value, by_genre={genre: value + offset for genre, offset in GENRES.items()})
        for seed, value in enumerate(finals, start=1)
    ]
    data_seconds = sum(step.seconds for step in steps)
    return Arm(
        name=name,
        bits_per_byte=BitsPerByte.over(seeds),
        parameters=640_000,
        training_flops=TRAINING_FLOPS,
        data_flops=sum(step.flops for step in steps),
        training_seconds=1032.0,
        data_seconds=data_seconds,
        seconds=1032.0 + data_seconds,
        tokens=6_000_000,
        bytes=steps[-3].bytes,
        epochs=2.37,
        compute_multiplier=None if name == "random" else MULTIPLIERS[name] if better else 0.5,
        steps=steps,
        curves=[curve(each.seed, each.value, 1.0 if plain else 1.1) for each in seeds],
        scores=[] if plain else [histogram("ngram_importance", 0.2), histogram("readability", 58.0)],
        ends=[] if plain else [ENDS],
        genres={"reference": 7_500_000, "tutorial": 2_500_000} if plain else {"reference": 4e6, "tutorial": 6e6},
        samples=REWRITES if name == "simplified" else [],
        written=[Passage(prompt=PROMPT, text=WRITTEN.get(name, ""), note="" if WRITTEN.get(name) else ENDED)],
        recipe=recipe_of(name),
        stated=recipe_of(name),
        plan=None if plain else easy_first(),
        **asked(finals),
    )


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    """Builds a report from the final bits per byte of each arm's seeds."""

    def build(finals: dict[str, list[float]] = FINALS) -> Report:
        first = next(iter(finals.values()))
        return Report(
            title="Fictional fields",
            created="2031-03-12T09:41:00Z",
            gleaner_version="0.1.0",
            held_out=HeldOut(name="furrow_topics", documents=39, bytes=412_000, curve_bytes=65_536),
            seeds=list(range(1, 1 + max(map(len, finals.values())))),
            machine="2 cores, 24 GiB, no GPU",
            command="gleaner compare random.yaml gleaned.yaml simplified.yaml --out comparison",
            arms=[make_arm(name, values, sum(values) <= sum(first)) for name, values in finals.items()],
            overlaps=[row[: len(finals)] for row in OVERLAPS[: len(finals)]],
        )

    return build


@pytest.fixture(scope="session")
def example(make_report: MakeReport) -> Report:
    """The report with every section filled."""
    return make_report()


@pytest.fixture
def example_file(example: Report, tmp_path: Path) -> Path:
    """The same as `report.json`."""
    path = tmp_path / "report.json"
    path.write_text(example.model_dump_json(indent=1), encoding="utf-8")
    return path
