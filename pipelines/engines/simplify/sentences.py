"""Long sentences cut where both halves stand alone, and asides that only point elsewhere.

SENTENCE is no rule of where sentences end, as `pipelines/texts/sentences.py` is: a stretch that no stop or line break
interrupts is all that may be cut safely, and taking too short a stretch only leaves a sentence as it is.
"""

import re
from collections.abc import Callable

FEWEST_WORDS_LEFT = 6
FEWEST_WORDS_RIGHT = 4

SUBJECT = r"(?:he|she|it|they|we|you|I|this|these|those|there)"
LINKING = (
    r"(?:however|therefore|moreover|furthermore|consequently|nevertheless|meanwhile|otherwise|instead|thus|also"
    r"|similarly)"
)
MEANS = r"(?:means?|meant|makes?|made|allow(?:s|ed)|help(?:s|ed)|led to|leads? to|caused?s?|is why)"
OPENING = rf"(?:{SUBJECT}|the|a|an|his|her|its|their|our|my|your|some|many|most|all|no|nobody|one|if|when)"
BREAK = re.compile(
    rf"; (?={LINKING}\b,? |{OPENING} )"
    rf"|, (?:and |(?=but |so ))(?=(?:but |so )?{SUBJECT} [a-z]+)"
    rf"|, which(?= {MEANS}\b)"
)
SENTENCE = re.compile(r"[^.!?\n]+(?:(?:\n(?=[a-z])|[.!?](?=[^\s\"')\]]))[^.!?\n]+)*[.!?]?")
OPENS_ELSEWHERE = re.compile(
    r"\b(?:if|when|whenever|whether|both|either|neither|between|unless|although|though|while|since|because|as|after"
    r"|before|until|once|that|what|how|why|where)\b",
    re.IGNORECASE,
)
ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|No|Fig|[A-Z])\.\s*\Z")

REFERENCE_ASIDE = re.compile(
    r"\((?:see(?: also)?|cf\.?|compare|ibid\.?)(?:\s[^()\n\d]{0,80})?\)|\[sic\]", re.IGNORECASE
)
NEGATION = r"(?:[^()]*\b(?:not|no|never|none|nothing|except|unless|without|cannot)\b|[^()]*n't\b)"
EXAMPLE_ASIDE = re.compile(
    rf"\((?:e\.g\.|i\.e\.|for example|such as|for instance)[,:]?\s(?!{NEGATION})[a-z ,;'-]{{0,80}}\)"
)


def without_asides(text: str) -> str:
    """The text less "(see also ...)" and "(e.g. ...)".

    An aside with a digit stays; of examples also one with a capital letter or a negation.
    """
    return EXAMPLE_ASIDE.sub("", REFERENCE_ASIDE.sub("", text)) if "(" in text or "[" in text else text


def sentence_cutter(most_words: int) -> Callable[[str], str]:
    """A function that cuts sentences of more than `most_words` words into two or more, each a sentence.

    It cuts at "; ", before "and", "but" or "so" with a pronoun as the new subject, and turns ", which means" into a
    sentence on "This". It leaves questions, open quotes and brackets, and clauses that depend on one another.
    """
    shortest = 3 * most_words  # no sentence of that many words has fewer characters

    def cut(text: str) -> str:
        def cut_one(match: re.Match[str]) -> str:
            sentence = match[0]
            if len(sentence) < shortest or sentence.count(" ") < most_words or sentence[-1] == "?":
                return sentence
            if ABBREVIATED.search(text[max(0, match.start() - 6) : match.start()]):
                return sentence
            return _cut_at_breaks(sentence)

        return SENTENCE.sub(cut_one, text) if ";" in text or ", " in text else text

    return cut


def _cut_at_breaks(sentence: str) -> str:
    """The sentence cut at every break that is safe."""
    done: list[str] = []
    begin = 0
    for found in BREAK.finditer(sentence):
        left, right = sentence[begin : found.start()], sentence[found.end() :]
        if _is_safe(found[0], left, right):
            done.append(left)
            begin = found.end()
    pieces = [*done, sentence[begin:]]
    return ". ".join(_opened(piece) if index else piece for index, piece in enumerate(pieces))


def _is_safe(mark: str, left: str, right: str) -> bool:
    if left.count(" ") < FEWEST_WORDS_LEFT - 1 or right.count(" ") < FEWEST_WORDS_RIGHT - 1:
        return False
    if left.count('"') % 2 or left.count("(") != left.count(")") or left.count("[") != left.count("]"):
        return False
    if mark == ", which":
        return "," not in right
    return mark == "; " or not OPENS_ELSEWHERE.search(left)


def _opened(piece: str) -> str:
    """The piece as the beginning of a sentence."""
    if piece.startswith(" "):
        return f"This{piece}"
    return piece[0].upper() + piece[1:]
