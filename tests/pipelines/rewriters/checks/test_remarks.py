import pytest

from pipelines.rewriters.checks.remarks import has_remark

ORIGINAL = "The committee approved the construction of the bridge."
REWRITE = "People said yes to the bridge."


@pytest.mark.parametrize(
    "remark",
    [
        "Sure! Here is the simplified text:\n\n",
        "**Sure, here's a version for a small child:**\n",
        "Certainly!\n\n",
        "Of course. I'd be happy to help.\n\n",
        "Okay, I will rewrite it.\n\n",
        "Here is the rewritten passage:\n",
        "Here's the text in simple words:\n",
        "Below is an easier version of the story. ",
        "Simplified version:\n",
        "I've simplified the text for you. ",
    ],
)
def test_words_to_the_one_who_asked_are_a_remark_in_front(remark: str) -> None:
    assert has_remark(ORIGINAL, remark + REWRITE)


@pytest.mark.parametrize("remark", ["I hope this helps!", "Let me know if you want more.", "(I've kept the numbers.)"])
def test_words_to_the_one_who_asked_are_a_remark_behind(remark: str) -> None:
    assert has_remark(ORIGINAL, f"{REWRITE}\n\n{remark}")
    assert not has_remark(f"{ORIGINAL}\n{remark}", f"{REWRITE}\n{remark}")


@pytest.mark.parametrize(
    "rewrite",
    [
        REWRITE,
        "Sure, I will come. It is a good bridge.",
        "Okay! Let us go over the bridge.",
        "Here is the bridge that people said yes to.",
        "Here are two things to know:\n- It is long.",
        "I have a bridge.",
    ],
)
def test_what_a_text_says_is_no_remark(rewrite: str) -> None:
    assert not has_remark(ORIGINAL, rewrite)


def test_a_text_that_begins_as_a_remark_does_may_go_on_to() -> None:
    assert not has_remark("Sure! Here is the plan.", "Sure! Here is the plan.")
