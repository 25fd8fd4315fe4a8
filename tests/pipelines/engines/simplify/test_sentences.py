import pytest

from pipelines.engines.simplify.sentences import sentence_cutter, without_asides

cut = sentence_cutter(12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The old man went down to the river every day; however, he never caught any fish.",
            "The old man went down to the river every day. However, he never caught any fish.",
        ),
        (
            "The old man went down to the river, and he sat there all day long.",
            "The old man went down to the river. He sat there all day long.",
        ),
        (
            "The old man went down to the river, but he did not catch any fish.",
            "The old man went down to the river. But he did not catch any fish.",
        ),
        (
            "The rain fell on the hills for many days, which made the river very deep.",
            "The rain fell on the hills for many days. This made the river very deep.",
        ),
    ],
)
def test_cuts_where_both_halves_stand_alone(text: str, expected: str) -> None:
    assert cut(text) == expected
    assert cut(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "He went, and she came.",
        "If the old man goes down to the river, and he sits there, then he may catch a fish.",
        "Did the old man go down to the river every day, and he never caught any fish?",
        'The old man said, "I went down to the river; I never caught any fish at all there."',
        "The river, which made the whole valley green, was the place where he had always lived.",
        "They sold apples, red and green; pears, soft and sweet; plums, dark and blue as ever.",
    ],
)
def test_leaves_what_hangs_together(text: str) -> None:
    assert cut(text) == text


def test_asides_that_point_elsewhere_go() -> None:
    assert without_asides("It works (see also the guide) well (e.g. in the rain).") == "It works  well ."


@pytest.mark.parametrize("text", ["(see Figure 3)", "(e.g. not in rain)", "(e.g. Paris)", "(the best one)", "(e.g. 5)"])
def test_asides_with_numbers_names_or_negations_stay(text: str) -> None:
    assert without_asides(text) == text
