import pytest

from pipelines.rewriters.checks.refusal import REFUSAL

DECLINED = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry. As an AI I have no opinion.",
    "I am very sorry, I cannot do that",
    "  \n**I cannot rewrite this text.**",
    "Sorry, but I am unable to simplify this.",
    "I won't assist with that request.",
    "as an AI, I have to decline",
]
TOLD = [
    "",
    "Sorrow came over the town, and he was sorry.",
    "I'm sorry she left, said Ann.",
    "I cannot see the sea from here.",
    "I will help you with the boat.",
    "He said: I'm sorry, but I can't help with that.",
    "As an airman he flew over the sea.",
]


@pytest.mark.parametrize("reply", DECLINED)
def test_a_reply_that_declines_is_known_by_its_beginning(reply: str) -> None:
    assert REFUSAL.match(reply)


@pytest.mark.parametrize("reply", TOLD)
def test_a_text_that_tells_of_something_is_no_refusal(reply: str) -> None:
    assert not REFUSAL.match(reply)
