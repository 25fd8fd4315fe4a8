"""Where the space between context and continuation goes, and which examples stand before which item."""

from collections import Counter

import pytest

from pipelines.contracts.task import Option
from pipelines.tasks.reading.wording import item, option, with_examples

ITEMS = [item([option(f"Question {number}?", " ", f"{number}")], 0) for number in range(100)]


@pytest.mark.parametrize(
    ("context", "delimiter", "continuation", "read", "scored"),
    [
        ("I like", " ", "signs", "I like", " signs"),
        ("I like ", " ", " signs\n", "I like", " signs"),
        ("Why?\n", "\nAnswer: ", "So.", "Why?\nAnswer:", " So."),
        ("Why?", "\n", "So.", "Why?", "\nSo."),
        ("為什麼?", "", "因為", "為什麼?", "因為"),
        ("  indented", " ", "a  b", "  indented", " a  b"),
    ],
)
def test_the_space_between_is_scored(context: str, delimiter: str, continuation: str, read: str, scored: str) -> None:
    assert option(context, delimiter, continuation) == Option(read, scored)


def test_the_id_follows_from_all_options_and_from_which_is_right() -> None:
    one, two = option("a", " ", "b"), option("a", " ", "c")
    told_apart = [item([one], 0), item([two], 0), item([one, two], 0), item([two, one], 0), item([one, two], 1)]
    assert len({each.id for each in told_apart}) == 5
    assert item([one, two], 1) == item([one, two], 1)


def test_examples_are_shown_in_full_a_line_each() -> None:
    (shown,) = with_examples(ITEMS[:1], ITEMS[1:3], 2, seed=0)
    assert sorted(shown.text.split("\n")) == ["Question 0? 0", "Question 1? 1", "Question 2? 2"]
    assert shown.text.endswith("\nQuestion 0? 0")
    assert shown.id == ITEMS[0].id


def test_in_the_pool_every_item_is_shown_equally_often_and_never_before_itself() -> None:
    lines = [each.text.split("\n") for each in with_examples(ITEMS, ITEMS, 5, seed=0)]
    assert Counter(line for *before, _ in lines for line in before) == {each.text: 5 for each in ITEMS}
    assert all(last not in before for *before, last in lines)


def test_an_item_more_changes_the_examples_of_few() -> None:
    before, after = (with_examples(ITEMS[:50], pool, 3, seed=0) for pool in (ITEMS[:99], ITEMS))
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    assert changed <= 10


def test_other_items_get_other_examples_and_no_examples_are_none() -> None:
    assert len({each.options[0].context.rpartition("\n")[0] for each in with_examples(ITEMS, ITEMS, 1, seed=0)}) == 100
    assert with_examples(ITEMS, ITEMS[:1], 0, seed=0) == ITEMS
