"""Two halves of texts that do not quote each other, against the slow way to find out who quotes whom."""

import random
import re

import pytest

from pipelines.texts.halves import halves, related

QUOTE = " ".join(f"word{number}" for number in range(13))


def slowly_related(passages: dict[str, list[str]]) -> list[list[str]]:
    """The groups of names whose passages share 13 words in a row, found by looking at all pairs again and again."""
    runs = {}
    for name, texts in passages.items():
        spoken = [re.findall(r"[^\W_]+", text.lower()) for text in texts]
        runs[name] = {tuple(words[start : start + 13]) for words in spoken for start in range(len(words) - 12)}
    groups = [({name}, runs[name]) for name in sorted(passages)]
    for number in range(len(groups)):
        while other := next((each for each in groups[number + 1 :] if each[1] & groups[number][1]), None):
            groups.remove(other)
            groups[number] = (groups[number][0] | other[0], groups[number][1] | other[1])
        if number + 1 >= len(groups):
            break
    return sorted(sorted(names) for names, _ in groups)


def test_texts_that_quote_each_other_stay_together() -> None:
    texts = {"a": f"start {QUOTE}", "b": f"{QUOTE} end", "c": "something else", "d": f"x {QUOTE.replace('word0', 'w')}"}
    passages = {name: [text] for name, text in texts.items()}
    assert related(passages) == [["a", "b"], ["c"], ["d"]]
    assert halves(passages) == (["a", "b"], ["c", "d"])


def test_a_quote_may_be_in_any_passage_and_pass_from_one_to_the_next() -> None:
    other = QUOTE.replace("word", "sign")
    passages = {
        "a": ["of its own", f"{QUOTE} end"],
        "b": [QUOTE, f"so {other}"],
        "c": [f"{other} at last"],
        "d": ["else"],
    }
    assert related(passages) == [["a", "b", "c"], ["d"]]


def test_a_shorter_passage_is_quoted_whole() -> None:
    passages = {"a": ["It  rained.", "One more"], "b": ["it rained."], "c": ["It rained. Twice."], "d": ["One"]}
    assert related(passages) == [["a", "b"], ["c"], ["d"]]


@pytest.mark.parametrize("seed", range(20))
def test_the_groups_are_those_of_the_slow_way_in_any_order(seed: int) -> None:
    draw = random.Random(seed)
    story = [f"w{draw.randrange(400)}" for _ in range(3000)]
    passages = {}
    for number in range(60):
        start = draw.randrange(len(story) - 60)
        passages[f"name{number:02d}"] = [" ".join(story[start : start + draw.randrange(14, 60)]), f"Own text {number}."]
    expected = slowly_related(passages)
    assert 1 < len(expected) < 60
    assert sorted(related(passages)) == expected
    mixed = dict(draw.sample(list(passages.items()), 60))
    assert related(mixed) == related(passages)
    assert halves(mixed) == halves(passages)


def test_the_halves_are_of_about_equal_length() -> None:
    draw = random.Random(0)
    passages = {f"{number}": [f"{number} " * draw.randrange(1, 13)] for number in range(1000)}
    sizes = [sum(len(passages[name][0]) for name in half) for half in halves(passages)]
    assert abs(sizes[0] - sizes[1]) <= 40
    assert sorted(name for half in halves(passages) for name in half) == sorted(passages)


@pytest.mark.parametrize(
    ("sharing", "count", "groups"), [(9, 10, 10), (8, 10, 3), (8, 8, 1), (89, 100, 12), (90, 100, 100)]
)
def test_what_nine_in_ten_share_is_their_wording(sharing: int, count: int, groups: int) -> None:
    passages = {f"{n}": [f"{QUOTE} and {n}" if n < sharing else f"another text, number {n}"] for n in range(count)}
    assert len(related(passages)) == groups


def test_of_one_text_or_none_the_second_half_is_empty() -> None:
    assert halves({"a": ["one"]}) == (["a"], [])
    assert halves({}) == ([], [])


def test_texts_without_words_are_told_apart_by_their_marks() -> None:
    assert related({"a": ["( [ ]"], "b": ["( ["], "c": ["( [ ]"], "d": []}) == [["a", "c"], ["b"], ["d"]]
