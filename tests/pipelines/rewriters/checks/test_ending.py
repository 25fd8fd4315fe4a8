import pytest

from pipelines.rewriters.checks.ending import breaks_off

WHOLE = "The committee approved the construction of the bridge."


@pytest.mark.parametrize(
    "rewrite",
    [
        "People said yes to the",
        "People said yes to the bri",
        "People said yes, and (",
        "People said yes, the price being $",
        "1. A bridge.\n2. A road.\n3. A",
        "People said yes:\n```python\nbridge = 1",
    ],
)
def test_half_a_reply_breaks_off(rewrite: str) -> None:
    assert breaks_off(WHOLE, rewrite)


@pytest.mark.parametrize(
    "rewrite",
    [
        "People said yes.",
        "They said **yes!** ",
        '"Yes," they said. _"Yes."_',
        "人们说好。",
        "People said yes to:\n- a bridge\n- a road",
        "```python\nbridge = 1\n```",
    ],
)
def test_a_whole_reply_does_not(rewrite: str) -> None:
    assert not breaks_off(WHOLE, rewrite)


def test_an_original_without_an_end_asks_for_none() -> None:
    assert not breaks_off("Home\nAbout us\nContact", "Our home\nAbout us")
    assert not breaks_off("```\nbridge = 1", "```\nb = 1")
