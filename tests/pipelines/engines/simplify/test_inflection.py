import pytest

from pipelines.engines.simplify.inflection import noun_forms, verb_forms, with_ed, with_ing, with_s


@pytest.mark.parametrize(
    ("verb", "third", "past", "gerund"),
    [
        ("walk", "walks", "walked", "walking"),
        ("stop", "stops", "stopped", "stopping"),
        ("occur", "occurs", "occurred", "occurring"),
        ("happen", "happens", "happened", "happening"),
        ("try", "tries", "tried", "trying"),
        ("enjoy", "enjoys", "enjoyed", "enjoying"),
        ("die", "dies", "died", "dying"),
        ("agree", "agrees", "agreed", "agreeing"),
        ("push", "pushes", "pushed", "pushing"),
        ("fix", "fixes", "fixed", "fixing"),
        ("need", "needs", "needed", "needing"),
    ],
)
def test_regular_verbs(verb: str, third: str, past: str, gerund: str) -> None:
    assert (with_s(verb), with_ed(verb), with_ing(verb)) == (third, past, gerund)


def test_a_verb_takes_the_same_form_of_its_substitute() -> None:
    assert verb_forms("investigate", "look into") == {
        "investigate": "look into",
        "investigates": "looks into",
        "investigated": "looked into",
        "investigating": "looking into",
    }
    assert verb_forms("transmit", "send")["transmitted"] == "sent"


def test_a_past_that_could_be_two_forms_is_left_out() -> None:
    assert "revealed" not in verb_forms("reveal", "show")
    assert verb_forms("reveal", "show")["reveals"] == "shows"


def test_plurals() -> None:
    assert noun_forms("residence", "home") == {"residence": "home", "residences": "homes"}
    assert noun_forms("gentleman", "man")["gentlemans"] == "men"
    assert noun_forms("constellation", "group of stars")["constellations"] == "groups of stars"
    assert noun_forms("misconception", "wrong idea")["misconceptions"] == "wrong ideas"
    assert with_s("story") == "stories"
    assert with_s("boss") == "bosses"
