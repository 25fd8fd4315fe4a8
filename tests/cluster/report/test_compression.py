"""The section on compression: every arm with a study is in it, and nothing in it lies on something else."""

import dataclasses
import itertools
import math
import re

import pytest

import training.measures.compression
from cluster.report.charts.axes import SIDE, Scale
from cluster.report.charts.scatter import pareto_front
from cluster.report.compression import Compression, compression
from cluster.report.page import render
from cluster.report.schema import Arm, BitsPerByte, Report, SeedResult, Stability, Study, Uniformity

# Vocabulary, bytes a token, bits per byte (unigram, trained), FLOPs a byte, KL of 16-bit units; as in the paper at 25m.
STUDIES = {
    "bytes": (256, 1.0, 4.602, 1.290, 50.3e6, 3.1),
    "sentencepiece": (32_000, 4.28, 2.443, 1.120, 11.7e6, None),
    "equal_info": (65_536, 5.31, 2.976, 1.252, 15.4e6, 0.51),
    "equal_info, 113m": (65_536, 5.31, 2.976, 1.121, 48.6e6, 0.51),
    "equal_info 256": (256, 2.66, 2.976, 1.471, 24.8e6, 0.51),
    "ac": (256, 5.49, 1.457, 1.461, 15.1e6, 0.002),
    "gzip": (256, 2.23, 3.586, 2.340, 22.4e6, 0.21),
}


def uniformity(deviation: float | None) -> list[Uniformity]:
    """Of all units where the deviation of 16 bits is given, else of tokens alone."""
    if deviation is None:
        return [Uniformity(unit="token", plug_in_bits=4.5, miller_madow_bits=4.4, samples=80_000)]
    bits = {f"{number}-bit": deviation * (number / 16) ** 2.5 for number in (1, 2, 4, 8, 16)}
    found = {**bits, "token": deviation, "random 16-bit": -1e-5}
    return [
        Uniformity(unit=unit, plug_in_bits=value * 1.2 + 1e-4, miller_madow_bits=value, samples=100_000)
        for unit, value in found.items()
    ]


def study(name: str) -> Study:
    vocab, bytes_per_token, unigram, _, flops, deviation = STUDIES[name]
    windowed, asks = name.startswith("equal_info"), name.startswith(("equal_info", "ac"))
    return Study(
        codec=f"{name.split(', ')[0]} vocab={vocab} model=transformer",
        vocab_size=vocab,
        lossless=True,
        round_trip_share=1.0,
        bytes_per_token=bytes_per_token,
        uniform_bits_per_byte=math.log2(vocab) / bytes_per_token,
        unigram_bits_per_byte=unigram,
        flops_per_byte=flops,
        compressor_flops_per_byte=6e6 if asks else 0.0,
        uniformity=uniformity(deviation),
        stability=Stability(prefixes=100, mean_distance=2.5 if windowed else 0.2, mean_length=96 / bytes_per_token),
        accuracy_by_position=[0.41, 0.22] if name == "equal_info 256" else [0.31],
    )


@pytest.fixture(scope="module")
def arms(example: Report) -> list[Arm]:
    plain = example.arms[0]
    seeds = {name: [SeedResult(seed=n, value=each[3] + 0.02 * n) for n in (0, 1)] for name, each in STUDIES.items()}
    return [
        plain.model_copy(update={"name": name, "bits_per_byte": BitsPerByte.over(seeds[name]), "study": study(name)})
        for name in STUDIES
    ]


@pytest.fixture(scope="module")
def section(arms: list[Arm]) -> Compression:
    found = compression(arms)
    assert found
    return found


def test_a_report_with_studies_survives_the_round_trip(example: Report, arms: list[Arm]) -> None:
    report = example.model_copy(update={"arms": arms, "shared": "text"})
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_the_record_takes_what_the_study_measures() -> None:
    measured = {field.name for field in dataclasses.fields(training.measures.compression.Study)}
    assert set(Study.model_fields) <= measured


def test_the_section_is_on_the_page_only_with_a_study(example: Report, arms: list[Arm]) -> None:
    assert "<h2>Compression</h2>" not in render(example)
    html = render(example.model_copy(update={"arms": arms, "shared": "text"}))
    assert html.count("<h2>Compression</h2>") == 1
    for said in ("50.3 MFLOP", "6 MFLOP of them to compress", "65,536 tokens", "2.976", "equally much text"):
        assert said in html, said
    assert len(html.encode()) < 1_000_000


def test_arms_without_a_study_are_left_out_and_the_others_keep_their_colour(example: Report, arms: list[Arm]) -> None:
    assert compression(example.arms) is None
    mixed = compression([example.arms[0], arms[1]])
    assert mixed
    assert [row.arm for row in mixed.rows] == [dot.arm for dot in mixed.by_flops.dots] == [1]


def test_all_dots_and_whiskers_are_inside(section: Compression) -> None:
    assert section.uniformity
    for chart in (section.by_flops, section.by_step, section.uniformity):
        drawn = " ".join([*(dot.whisker for dot in chart.dots), *(join.path for join in chart.joins)])
        places = [float(number) for number in re.findall(r"-?[\d.]+", drawn)]
        places += [place for dot in chart.dots for place in (dot.point.x, dot.point.y)]
        places += [tick.at for tick in chart.x_ticks + chart.y_ticks]
        assert all(0 <= place <= SIDE for place in places)
        assert len(chart.x_ticks) > 1
        assert len(chart.y_ticks) > 1


def test_cheaper_is_left_and_better_is_down(section: Compression) -> None:
    at = {dot.name: dot.point for dot in section.by_flops.dots}
    assert at["sentencepiece"].x < at["ac"].x < at["gzip"].x < at["bytes"].x
    assert at["sentencepiece"].y > at["equal_info"].y > at["ac"].y > at["gzip"].y


def test_models_of_one_codec_are_joined_from_small_to_large(section: Compression) -> None:
    small, large = (dot.point for dot in section.by_flops.dots if dot.name.startswith("equal_info") and dot.arm < 4)
    assert [join.path for join in section.by_flops.joins] == [f"M{small.x:g},{small.y:g}L{large.x:g},{large.y:g}"]


def test_the_pareto_front_is_what_no_other_arm_beats() -> None:
    points = [(each[1], each[3]) for each in STUDIES.values()]
    front = pareto_front(points)
    for number, (x, y) in enumerate(points):
        beaten = any(other != (x, y) and other[0] >= x and other[1] <= y for other in points)
        assert (number in front) != beaten
    assert [list(STUDIES)[number] for number in front] == ["sentencepiece", "equal_info, 113m", "ac"]
    assert pareto_front([(1.0, 1.0), (1.0, 1.0)]) == [0]


def test_units_go_from_one_bit_to_tokens_and_noise(section: Compression) -> None:
    assert section.uniformity
    labels = [tick.label for tick in section.uniformity.x_ticks]
    assert labels == ["1-bit", "2-bit", "4-bit", "8-bit", "16-bit", "token", "random 16-bit"]
    assert "ac: ≤ 0.0001 at random 16-bit" in [dot.point.title for dot in section.uniformity.dots]
    assert [join.arm for join in section.uniformity.joins] == [0, 2, 3, 4, 5, 6]  # sentencepiece has no bits


def test_names_lie_on_no_dot_and_no_other_name(section: Compression) -> None:
    from cluster.report.charts import scatter

    for chart in (section.by_flops, section.by_step):
        boxes = [scatter._box(dot.name, (dot.point.x, dot.point.y), dot.side) for dot in chart.dots]
        assert not any(scatter._meet(one, other) for one, other in itertools.combinations(boxes, 2))


def test_a_narrow_logarithmic_axis_has_ticks_too() -> None:
    assert [tick.label for tick in Scale(12e6, 19e6, log=True).ticks(4, lambda v: f"{v / 1e6:g}")] == [
        "12",
        "14",
        "16",
        "18",
    ]
    assert [tick.label for tick in Scale(1e6, 5e6, log=True).ticks(4, lambda v: f"{v / 1e6:g}")] == ["1", "2", "5"]
    assert Scale(7e6, 7e6, log=True).ticks(4)[0].at == SIDE / 2


def test_a_broken_promise_is_marked(arms: list[Arm]) -> None:
    broken = study("gzip").model_copy(update={"round_trip_share": 0.98})
    lossy = broken.model_copy(update={"lossless": False})
    found = compression(
        [arm.model_copy(update={"study": each}) for arm, each in zip(arms[:2], [broken, lossy], strict=True)]
    )
    assert found
    cells = [row.cells[-1] for row in found.rows]
    assert [(cell.value, cell.note, cell.tone) for cell in cells] == [
        ("98.0 %", "lossless", "worse"),
        ("98.0 %", "not lossless", ""),
    ]
