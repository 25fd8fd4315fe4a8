import re
from collections import Counter

from pipelines.engines.simplify.inflection import FORMS
from pipelines.engines.simplify.vocabulary import PHRASE_PARTS, inflected, is_rarer, lexicon, table


def test_the_lexicon_is_large_and_each_word_is_in_it_once() -> None:
    entries = lexicon()

    assert len([entry for entry in entries if entry.part in FORMS]) >= 1500
    assert {entry.part for entry in entries} == {*FORMS, *PHRASE_PARTS}
    assert [word for word, count in Counter(entry.word for entry in entries).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z][a-z ,-]*", field) for entry in entries for field in (entry.word, entry.substitute))


def test_no_substitute_would_be_replaced_again() -> None:
    forms = inflected()
    chained = {form for form, stand_in in forms.items() if set(re.findall("[a-z]+", stand_in)) & forms.keys()}

    assert chained == set()


def test_every_single_word_of_the_lexicon_is_rarer_than_its_substitute() -> None:
    assert [entry for entry in lexicon() if entry.part in FORMS and not is_rarer(entry.word, entry.substitute)] == []


def test_names_of_programming_are_not_in_the_lexicon() -> None:
    """They would be plain words elsewhere, but in documentation they are terms."""
    terms = "argument parameter method attribute instance initialize instantiate iterate execute implement parse render"

    assert not set(terms.split()) & inflected().keys()


def test_words_of_the_vocabulary_are_left_out() -> None:
    from wordfreq import top_n_list

    words = {candidate.phrase for each in table(2000).values() for candidate in each if candidate.part == "word"}

    assert words.isdisjoint(top_n_list("en", 2000))
    assert "commenced" in words
    assert "commenced" not in {c.phrase for each in table(100_000).values() for c in each if c.part == "word"}


def test_british_spelling_is_known_too() -> None:
    forms = inflected()

    assert forms["utilises"] == forms["utilizes"] == "uses"
    assert forms["emphasising"] == forms["emphasizing"] == "stressing"


def test_each_phrase_is_found_by_its_rarest_word() -> None:
    found = table(2000)["fact"]

    assert "due to the fact that" in [candidate.phrase for candidate in found]
    assert all(candidate.phrase[candidate.offset :].startswith("fact") for candidate in found)
    assert [len(candidate.phrase) for candidate in found] == sorted((len(c.phrase) for c in found), reverse=True)
