import pytest

from pipelines.engines.simplify.inflection import noun_forms, spellings, verb_forms
from pipelines.engines.simplify.vocabulary import inflected


@pytest.mark.parametrize(
    ("verb", "third", "gerund", "past"),
    [
        ("walk", "walks", "walking", "walked"),
        ("stop", "stops", "stopping", "stopped"),
        ("occur", "occurs", "occurring", "occurred"),
        ("happen", "happens", "happening", "happened"),
        ("try", "tries", "trying", "tried"),
        ("enjoy", "enjoys", "enjoying", "enjoyed"),
        ("die", "dies", "dying", "died"),
        ("agree", "agrees", "agreeing", "agreed"),
        ("push", "pushes", "pushing", "pushed"),
        ("fix", "fixes", "fixing", "fixed"),
        ("need", "needs", "needing", "needed"),
        ("foresee", "foresees", "foreseeing", "foresaw"),
        ("extol", "extols", "extolling", "extolled"),
        ("heave", "heaves", "heaving", "heaved"),
        ("supersede", "supersedes", "superseding", "superseded"),
    ],
)
def test_the_usual_forms_of_a_verb(verb: str, third: str, gerund: str, past: str) -> None:
    assert [spellings(verb, tag)[0] for tag in ("VB", "VBZ", "VBG", "VBD")] == [verb, third, gerund, past]


def test_a_verb_takes_the_same_form_of_its_substitute() -> None:
    assert dict(verb_forms("investigate", "look into")) == {
        "investigate": "look into",
        "investigates": "looks into",
        "investigated": "looked into",
        "investigating": "looking into",
    }
    assert dict(verb_forms("transmit", "send"))["transmitted"] == "sent"
    assert dict(verb_forms("foresee", "expect")).keys() == {"foresee", "foresees", "foreseeing", "foresaw", "foreseen"}


def test_a_past_that_could_be_two_forms_is_left_out() -> None:
    assert {stand_in for form, stand_in in verb_forms("reveal", "show") if form == "revealed"} == {"showed", "shown"}
    assert "revealed" not in inflected()
    assert inflected()["reveals"] == "shows"
    assert "beheld" not in inflected()


def test_plurals() -> None:
    assert dict(noun_forms("residence", "home")) == {"residence": "home", "residences": "homes"}
    assert dict(noun_forms("gentleman", "man"))["gentlemen"] == "men"
    assert dict(noun_forms("oasis", "green place"))["oases"] == "green places"
    assert dict(noun_forms("constellation", "group of stars"))["constellations"] == "groups of stars"
    assert dict(noun_forms("misconception", "wrong idea"))["misconceptions"] == "wrong ideas"
    assert dict(noun_forms("individual", "person"))["individuals"] == "people"


def test_what_cannot_be_counted_has_no_plural() -> None:
    assert dict(noun_forms("wrath", "anger")) == {"wrath": "anger"}
    assert dict(noun_forms("fury", "anger")) == {"fury": "anger", "furies": "anger"}


def test_a_form_of_another_word_is_none_of_this_one() -> None:
    assert not {"foregoing", "foregone", "hove"} & inflected().keys()
