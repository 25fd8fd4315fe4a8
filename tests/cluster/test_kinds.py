"""What `gleaner kinds` tells."""

import pytest

from cluster.kinds import FAMILIES, kinds_table
from pipelines.contracts.component import kinds


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_every_family_is_told_with_its_parameters(family: str) -> None:
    lines = kinds_table(family).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")] == kinds(
        FAMILIES[family].family
    )


def test_one_kind_is_told_whole_with_types_defaults_and_what_is_allowed() -> None:
    lines = kinds_table("mixture").splitlines()
    assert lines[0] == "sources.mixture"
    assert any(line.startswith("  With a `budget`, each part gives its weight's share of that many") for line in lines)
    assert "  parts: {name: {source: one of sources, weight: number > 0}, ...} (required)" in lines
    assert "  budget: whole number > 0 | null (default null)" in lines
    assert "  count: rows | tokens (default rows)" in lines


def test_a_kind_of_two_families_is_told_of_both_or_of_the_one_that_is_named() -> None:
    both = kinds_table("length")
    assert "filters.length\n" in both
    assert "scorers.length\n" in both
    one = kinds_table("filters.length")
    assert both.startswith(one)
    assert "  min_mean_word_length: number >= 0 | null (default 3.0)" in one.splitlines()


def test_lists_placement_and_bounds_are_told() -> None:
    assert "text: text not empty (default text)" in kinds_table("jsonl")
    assert "path: text | list of text (required, placement)" in kinds_table("jsonl")
    assert "fraction: number > 0 and <= 1 (default 0.5)" in kinds_table("selectors.random")


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("filter", "filters"),
        ("mixtrue", "mixture"),
        ("filters.lenght", "filters.length"),
        ("Top_Fraction", "top_fraction"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_what_is_close(name: str, close: str) -> None:
    with pytest.raises(
        ValueError, match=rf"no family or kind '{name}'; did you mean '{close}'\? give a family \(sources, "
    ):
        kinds_table(name)
