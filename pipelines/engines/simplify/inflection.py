"""English inflection by lemminflect's dictionary, as far as one word can stand in for another in every form."""

from collections.abc import Callable, Iterator

VERB_FORMS = ("VB", "VBZ", "VBG", "VBD", "VBN")  # tags of the Penn Treebank: base, third person, -ing, past, participle
PLURAL = "NNS"
# Where the dictionary has a rare form first, or the form of another word, as "foregoing" is.
OTHERWISE = {
    ("forgo", "VBD"): "forwent",
    ("forgo", "VBG"): "forgoing",
    ("forgo", "VBN"): "forgone",
    ("forgo", "VBZ"): "forgoes",
    ("heave", "VBD"): "heaved",
    ("heave", "VBN"): "heaved",
    ("light", "VBN"): "lit",
    ("person", PLURAL): "people",
    ("wake", "VBN"): "woken",
}

Pair = tuple[str, str]  # a form of the word, and what stands in for it


def spellings(word: str, tag: str) -> tuple[str, ...]:
    """Every spelling of the form `tag` of a base word, the usual one first; "anger" has no plural but itself."""
    from lemminflect import getInflection

    if (word, tag) in OTHERWISE:
        return (OTHERWISE[word, tag],)
    found: tuple[str, ...] = getInflection(word, tag)
    return tuple(form for form in found if form != word) or (word,)


def verb_forms(verb: str, substitute: str) -> Iterator[Pair]:
    """Each form of a verb with the same form of its substitute, whose first word is the verb.

    A form that is two ("revealed": past and participle) comes with each stand-in ("showed", "shown").
    """
    head, _, rest = substitute.partition(" ")
    for tag in VERB_FORMS:
        for form in spellings(verb, tag):
            yield form, f"{spellings(head, tag)[0]} {rest}".strip()


def noun_forms(noun: str, substitute: str) -> Iterator[Pair]:
    """Singular with singular and plural with plural; in "group of stars" the first word is inflected, else the last."""
    head, of, rest = substitute.partition(" of ")
    start, space, last = head.rpartition(" ")
    yield noun, substitute
    for form in spellings(noun, PLURAL):
        if form != noun:
            yield form, f"{start}{space}{spellings(last, PLURAL)[0]}{of}{rest}"


def one_form(word: str, substitute: str) -> Iterator[Pair]:
    """The word itself with its substitute, for words that have no other form."""
    yield word, substitute


FORMS: dict[str, Callable[[str, str], Iterator[Pair]]] = {
    "verb": verb_forms,
    "noun": noun_forms,
    "adjective": one_form,
    "adverb": one_form,
    "exact": one_form,
}
