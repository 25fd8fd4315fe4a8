"""Common words in the place of rare ones."""

import re
from collections.abc import Callable

from pipelines.engines.simplify.sentences import ABBREVIATED
from pipelines.engines.simplify.vocabulary import LEXICON_WORD, Candidate, Table

# A word that touches one of these is part of an identifier, path, address or compound.
TIED_BEFORE = re.compile(r"[\w\-./\\@#$'&:=]\Z")
TIED_AFTER = re.compile(r"[\w\-(/\\@=]|[.:]\w|'(?!s\b)")
# An opening quote or bracket begins no sentence, it stands before one: of a line, behind a stop, or of what is said.
OPENED = r"[\"'(\[{]"
SENTENCE_START = re.compile(
    rf"(?:^(?:[ \t]*(?:[-*+]|\d+[.)])[ \t]+)?|[.!?]['\")\]]*\s+|[,:]\s+(?=[\"']))(?:{OPENED})*\Z", re.MULTILINE
)
ENCLOSED = re.compile(rf"{OPENED}.+[\"')\]}}]")
NAME_NEXT = re.compile(r"(?:'s)? [A-Z]")
ARTICLE_BEFORE = re.compile(r"\b([Aa])n? \Z")
COMPARISON_BEFORE = re.compile(r"\b(?:more|most|less|least) \Z", re.IGNORECASE)
DETERMINER_NEXT = re.compile(
    r" (?:the|these|those|this|that|its|their|his|her|our|my|your|them|us|it|which|whom|whose)\b"
)

NO_ARTICLE = {"enough", "not enough", "too much", "many", "plenty of"}
NEEDS_MORE = 6  # letters; shorter adjectives are compared by -er and -est, so "more" before them would be wrong
SPOKEN_WITH_CONSONANT = re.compile(r"(?:one|once|us[eu]|uni[tv]|union|european)", re.IGNORECASE)
SPOKEN_WITH_VOWEL = re.compile(r"(?:hour|honest|honou?r)", re.IGNORECASE)
SEEN = 16  # characters around a word that the rules above look at


def plain_words(table: Table) -> Callable[[str], str]:
    """A function that puts the substitute in the place of each word and phrase of the table where it fits.

    Capital letters within sentences mark names and stay. "a" and "an" follow the substitute.
    """

    def replaced(text: str) -> str:
        pieces: list[str] = []
        done = 0
        for match in LEXICON_WORD.finditer(text):
            for candidate in table.get(match[0], ()):
                begin = match.start() - candidate.offset
                end = begin + len(candidate.phrase)
                before = text[max(done, begin - SEEN, 0) : max(begin, 0)]
                if begin >= done and _fits(candidate, text, begin, before):
                    article = ARTICLE_BEFORE.search(before)
                    pieces.append(text[done : begin - len(article[0]) if article else begin])
                    pieces.append(_with_article(article, _cased(text[begin], candidate.substitute)))
                    done = end
                    break
        return "".join([*pieces, text[done:]]) if pieces else text

    return replaced


def _fits(candidate: Candidate, text: str, begin: int, before: str) -> bool:
    """Whether the candidate's phrase is at `begin` and its substitute can stand there, behind `before`."""
    end = begin + len(candidate.phrase)
    found, after = text[begin:end], text[end : end + SEEN]
    is_phrase = found[1:] == candidate.phrase[1:] and found[0].lower() == candidate.phrase[0]
    if not is_phrase or TIED_BEFORE.search(before) or TIED_AFTER.match(after):
        return False
    if found[0].isupper() and _is_name(text, begin, end):
        return False
    if candidate.part == "opening":
        return found[0].isupper()
    if candidate.part == "quantity":
        return not DETERMINER_NEXT.match(after)
    if candidate.substitute in NO_ARTICLE and ARTICLE_BEFORE.search(before):
        return False
    return candidate.part != "word" or len(candidate.substitute) >= NEEDS_MORE or not COMPARISON_BEFORE.search(before)


def _is_name(text: str, begin: int, end: int) -> bool:
    """Whether the capital letter at `begin` is that of a name: within a sentence, before another, or alone in marks."""
    seen = max(0, begin - SEEN)
    opens = SENTENCE_START.search(text, seen, begin) and not ABBREVIATED.search(text, seen, begin)
    enclosed = begin > 0 and ENCLOSED.fullmatch(text, begin - 1, end + 1)
    return not opens or bool(enclosed) or NAME_NEXT.match(text, end) is not None


def _cased(first: str, substitute: str) -> str:
    return substitute[0].upper() + substitute[1:] if first.isupper() else substitute


def _with_article(article: re.Match[str] | None, substitute: str) -> str:
    """The substitute behind the form of the article that its first sound asks for."""
    if article is None:
        return substitute
    vowel = substitute[0] in "aeiouAEIOU" and not SPOKEN_WITH_CONSONANT.match(substitute)
    n = "n" if vowel or SPOKEN_WITH_VOWEL.match(substitute) else ""
    return f"{article[1]}{n} {substitute}"
