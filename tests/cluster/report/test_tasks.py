"""The section on tasks: rows by category, intervals beside accuracies, colour only beyond the spread."""

from typing import Any

from cluster.report.page import render
from cluster.report.schema import Report
from cluster.report.tasks import tasks


def test_categories_stand_before_their_tasks_and_tasks_of_none_come_last(example: Report) -> None:
    found = tasks(example.arms)
    assert found
    assert [(row.name, row.level) for row in found.bits] == [
        ("field work", "group"),
        ("reaping", "member"),
        ("sowing", "member"),
        ("milling", ""),
        ("weather", ""),
    ]
    assert [row.name for row in found.accuracy] == ["field work", "sowing", "milling"]
    assert [row.note for row in found.bits[:3]] == ["mean of its tasks", "1,280 items, 3 left out", "1,280 items"]
    assert [row.note for row in found.accuracy] == ["chance 50.0 %", "chance 50.0 %", "chance 25.0 %"]


def test_an_accuracy_has_its_interval_and_the_one_by_bytes_beside_it(example: Report) -> None:
    found = tasks(example.arms)
    assert found
    first, second, _ = found.accuracy[2].cells
    assert first
    assert second
    assert (first.value, first.note, first.tone) == ("27.0 %", "24.0 to 30.0; 27.0 per byte", "")
    assert (second.value, second.tone) == ("32.2 %", "better")
    assert found.accuracy[2].best == 1


def test_more_is_right_is_better_and_fewer_seeds_have_no_colour(make_report: Any) -> None:
    def tones(finals: dict[str, list[float]]) -> list[str]:
        found = tasks(make_report(finals).arms)
        assert found
        return [cell.tone for cell in found.accuracy[0].cells if cell]

    assert tones({"random": [2.5, 2.5, 2.5], "gleaned": [2.6, 2.6, 2.6]}) == ["", "worse"]
    assert tones({"random": [2.5, 2.5, 2.3], "gleaned": [2.4, 2.4, 2.4]}) == ["", ""]
    assert tones({"random": [2.5, 2.5], "gleaned": [2.3, 2.3]}) == ["", ""]


def test_an_arm_that_was_not_asked_has_a_dash(example: Report) -> None:
    bare = example.arms[1].model_copy(update={"tasks": [], "categories": []})
    found = tasks([example.arms[0], bare])
    assert found
    assert all(row.cells[1] is None and row.best == 0 for row in (*found.bits, *found.accuracy))
    assert tasks([bare]) is None


def test_the_page_tells_them_and_leaves_the_section_out_where_nothing_was_asked(example: Report) -> None:
    page = render(example)
    section = page.partition('<section id="tasks">')[2].partition("</section>")[0]
    for told in ("Bits per byte of the right continuations", "field work", "24.0 to 30.0; 27.0 per byte", "3 left out"):
        assert told in section, told
    bare = [arm.model_copy(update={"tasks": [], "categories": []}) for arm in example.arms]
    assert 'id="tasks"' not in render(example.model_copy(update={"arms": bare}))
