"""The funnel and the lineage: nothing that went in is lost from the picture."""

import pytest

from cluster.report.funnel import funnels, leaks
from cluster.report.lineage import chain
from cluster.report.schema import Example, Report, Step


def test_a_bar_is_what_the_step_took_in(example: Report) -> None:
    for funnel, arm in zip(funnels(example.arms), example.arms, strict=True):
        widest = max(step.rows_in for step in arm.steps)
        for stage in funnel.stages[1:]:
            width = stage.kept_width + stage.dropped_width + stage.bad_width
            assert width == pytest.approx(100 * stage.step.rows_in / widest, rel=0.01)
            assert width <= 100.02


def test_reasons_go_from_the_kept_part_to_the_end_without_a_gap(example: Report) -> None:
    clean = funnels(example.arms)[1].stages[1]
    assert [reason.name for reason in clean.reasons][:2] == ["too short", "repeated lines"]
    place = clean.kept_width
    for reason in clean.reasons:
        assert reason.start == pytest.approx(place, abs=0.02)
        place = reason.start + reason.width
    assert place == pytest.approx(clean.kept_width + clean.dropped_width, abs=0.02)


def test_a_source_shows_what_it_quarantined(example: Report) -> None:
    source = funnels(example.arms)[0].stages[0]
    assert [(reason.name, reason.rows) for reason in source.reasons] == [("syntax error", "187"), ("not utf8", "41")]
    assert all(reason.quarantined for reason in source.reasons)
    assert source.bad_width > 0


def test_examples_are_of_every_reason_and_those_with_a_text_come_first(example: Report) -> None:
    clean = example.arms[1].steps[1]
    many = [Example(reason=f"reason {n % 8}", id=str(n), detail="", text="text" * (n > 7)) for n in range(16)]
    step = clean.model_copy(update={"examples": many})
    (stage,) = funnels([example.arms[1].model_copy(update={"steps": [step]})])[0].stages
    assert [each.reason for each in stage.examples] == [f"reason {n}" for n in range(8)]
    assert all(each.text for each in stage.examples)
    assert stage.kept == tuple(clean.kept)


def test_a_shared_step_is_told_once(example: Report) -> None:
    stages = funnels(example.arms)[2].stages
    assert [stage.told_by for stage in stages[:2]] == ["random", "gleaned"]
    assert not stages[1].reasons
    assert stages[-1].told_by is None


def test_an_empty_step_has_no_bar(example: Report) -> None:
    train = Step(name="train", kind="train", address="train-0", rows_in=0, rows=0, bytes_in=0, bytes=0)
    arm = example.arms[0].model_copy(update={"steps": [train]})
    stage = funnels([arm])[0].stages[0]
    assert (stage.kept_width, stage.dropped_width, stage.bad_width) == (0, 0, 0)
    assert (stage.rows, stage.size) == ("", "")


def test_leaks_name_the_arms_that_dropped_them(example: Report) -> None:
    (leak,) = leaks(example.arms)
    assert leak.arms == (1, 2)
    assert leak.dropped == 37


def test_lineage_has_every_address_once_below_its_inputs(example: Report) -> None:
    links = chain(example.arms)
    addresses = [link.step.address for link in links]
    assert len(addresses) == len(set(addresses))
    assert set(addresses) == {step.address for arm in example.arms for step in arm.steps}
    for row, link in enumerate(links):
        assert all(source in addresses[:row] for source in link.step.inputs)
        assert link.made_from == tuple(links[addresses.index(source)].step.name for source in link.step.inputs)


def test_an_arm_draws_a_dot_for_each_of_its_steps(example: Report) -> None:
    links = chain(example.arms)
    for place, arm in enumerate(example.arms):
        dotted = [link.step.address for link in links if "dot" in link.tracks[place].split()]
        assert dotted == [step.address for step in arm.steps]
