"""The table of rare words and their common substitutes, from the lexicon and the frequencies of English words."""

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from pipelines.contracts.mistakes import Mistake
from pipelines.engines.simplify.inflection import FORMS

PHRASE_PARTS = ("phrase", "quantity", "opening")
WORD = "word"
LEXICON_WORD = re.compile(r"[A-Za-z][a-z]{3,}")  # shorter words are common, and looking each up takes time
BRITISH_SPELLING = re.compile(r"(?<=[a-z]{3}[iy])z(?=e[ds]?$|ing$)")


class Entry(NamedTuple):
    """One line of the lexicon: `word` may always be said as `substitute`, as the given part of speech.

    `exact` words are not inflected. A `quantity` ("a large number of") does not stand before an article or pronoun. An
    `opening` is replaced at the start of a sentence only.
    """

    word: str
    substitute: str
    part: str


class Candidate(NamedTuple):
    """What may be replaced where a word of the table is found: `phrase`, which begins `offset` characters before it."""

    offset: int
    phrase: str
    substitute: str
    part: str


Table = dict[str, tuple[Candidate, ...]]  # by a word that the phrase cannot do without, longest phrase first


def lexicon_text() -> str:
    """The lexicon as it lies beside this file: tab-separated word, substitute and part, with a head line."""
    return resources.files("pipelines.engines.simplify").joinpath("lexicon.tsv").read_text("utf-8")


def lexicon() -> list[Entry]:
    """Every entry of the lexicon, in the order of the file."""
    return [Entry(*line.split("\t")) for line in lexicon_text().splitlines()[1:]]


@cache
def table(vocabulary: int) -> Table:
    """The lexicon in all forms, less what is safe to leave: a form is in it only if it is rarer than its substitute.

    Forms among the `vocabulary` most frequent English words stay as they are. How frequent a word is tells wordfreq
    (its Zipf scale); of a substitute of several words, the rarest counts. Phrases are not weighed. A phrase is found by
    its rarest word.
    """
    from wordfreq import top_n_list

    common = set(top_n_list("en", vocabulary))
    found: dict[str, list[Candidate]] = {}
    for form, stand_in in inflected().items():
        if form not in common and is_rarer(form, stand_in):
            _add(found, Candidate(0, form, stand_in, WORD))
    for entry in lexicon():
        if entry.part in PHRASE_PARTS:
            _add(found, Candidate(rarest_word(entry.word).start(), *entry))
    return {word: tuple(sorted(each, key=lambda c: -len(c.phrase))) for word, each in found.items()}


def _add(found: dict[str, list[Candidate]], candidate: Candidate) -> None:
    """Files the candidate under its word, and under the word with a capital if it begins the phrase."""
    word = LEXICON_WORD.match(candidate.phrase, candidate.offset)
    if word is None:
        raise Mistake(f"'{candidate.phrase}' in lexicon.tsv has no word of four letters, by which it could be found")
    found.setdefault(word[0], []).append(candidate)
    if candidate.offset == 0:
        found.setdefault(word[0].capitalize(), []).append(candidate)


def rarest_word(phrase: str) -> re.Match[str]:
    """The place of the least frequent word of four or more letters; ValueError where there is none."""
    from wordfreq import zipf_frequency

    return min(LEXICON_WORD.finditer(phrase), key=lambda match: zipf_frequency(match[0], "en"))


@cache
def inflected() -> dict[str, str]:
    """Every form of every single word of the lexicon to its substitute; a form with two different ones is left out."""
    found: dict[str, set[str]] = {}
    for entry in lexicon():
        if entry.part not in PHRASE_PARTS:
            for form, stand_in in FORMS[entry.part](entry.word, entry.substitute):
                for spelling in (form, BRITISH_SPELLING.sub("s", form)):
                    found.setdefault(spelling, set()).add(stand_in)
    return {form: stand_ins.pop() for form, stand_ins in found.items() if len(stand_ins) == 1}


def is_rarer(word: str, substitute: str) -> bool:
    """Whether `word` is less frequent than the rarest word of `substitute`."""
    from wordfreq import zipf_frequency

    return zipf_frequency(word, "en") < min(zipf_frequency(part, "en") for part in re.findall(r"[a-z]+", substitute))
