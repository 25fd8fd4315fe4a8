"""English inflection, as far as one word can stand in for another in every form."""

import re
from collections.abc import Callable

# base: (third person, past, participle, -ing form); the regular forms are left to the rules below.
IRREGULAR_VERBS = {
    "be": ("is", "was", "been", "being"),
    "beat": ("beats", "beat", "beaten", "beating"),
    "break": ("breaks", "broke", "broken", "breaking"),
    "bring": ("brings", "brought", "brought", "bringing"),
    "come": ("comes", "came", "come", "coming"),
    "cut": ("cuts", "cut", "cut", "cutting"),
    "dig": ("digs", "dug", "dug", "digging"),
    "do": ("does", "did", "done", "doing"),
    "drink": ("drinks", "drank", "drunk", "drinking"),
    "eat": ("eats", "ate", "eaten", "eating"),
    "fall": ("falls", "fell", "fallen", "falling"),
    "feed": ("feeds", "fed", "fed", "feeding"),
    "fight": ("fights", "fought", "fought", "fighting"),
    "find": ("finds", "found", "found", "finding"),
    "get": ("gets", "got", "gotten", "getting"),
    "give": ("gives", "gave", "given", "giving"),
    "go": ("goes", "went", "gone", "going"),
    "grow": ("grows", "grew", "grown", "growing"),
    "hang": ("hangs", "hung", "hung", "hanging"),
    "hide": ("hides", "hid", "hidden", "hiding"),
    "hold": ("holds", "held", "held", "holding"),
    "keep": ("keeps", "kept", "kept", "keeping"),
    "leave": ("leaves", "left", "left", "leaving"),
    "light": ("lights", "lit", "lit", "lighting"),
    "lose": ("loses", "lost", "lost", "losing"),
    "make": ("makes", "made", "made", "making"),
    "mean": ("means", "meant", "meant", "meaning"),
    "meet": ("meets", "met", "met", "meeting"),
    "pay": ("pays", "paid", "paid", "paying"),
    "put": ("puts", "put", "put", "putting"),
    "read": ("reads", "read", "read", "reading"),
    "run": ("runs", "ran", "run", "running"),
    "see": ("sees", "saw", "seen", "seeing"),
    "send": ("sends", "sent", "sent", "sending"),
    "set": ("sets", "set", "set", "setting"),
    "show": ("shows", "showed", "shown", "showing"),
    "shut": ("shuts", "shut", "shut", "shutting"),
    "speed": ("speeds", "sped", "sped", "speeding"),
    "spend": ("spends", "spent", "spent", "spending"),
    "spread": ("spreads", "spread", "spread", "spreading"),
    "steal": ("steals", "stole", "stolen", "stealing"),
    "stick": ("sticks", "stuck", "stuck", "sticking"),
    "take": ("takes", "took", "taken", "taking"),
    "teach": ("teaches", "taught", "taught", "teaching"),
    "tell": ("tells", "told", "told", "telling"),
    "think": ("thinks", "thought", "thought", "thinking"),
    "throw": ("throws", "threw", "thrown", "throwing"),
    "understand": ("understands", "understood", "understood", "understanding"),
    "upset": ("upsets", "upset", "upset", "upsetting"),
    "wake": ("wakes", "woke", "woken", "waking"),
}
IRREGULAR_NOUNS = {"man": "men", "person": "people", "child": "children", "leaf": "leaves", "knife": "knives"}
STRESSED_AT_THE_END = {
    "abhor",
    "acquit",
    "admit",
    "annul",
    "commit",
    "compel",
    "concur",
    "control",
    "deter",
    "expel",
    "forget",
}
STRESSED_AT_THE_END |= {"impel", "incur", "occur", "omit", "permit", "prefer", "propel", "rebel", "rebut", "transmit"}

_ONE_SHORT_SYLLABLE = re.compile(r"(?:qu|[^aeiou])*[aeiou][^aeiouwxy]")
_NEEDS_E = re.compile(r".*(?:s|x|z|ch|sh|[^aeiou]o)")
_CONSONANT_Y = re.compile(r".*[^aeiou]y")


def with_s(word: str) -> str:
    """The regular plural of a noun, or third person of a verb."""
    if _CONSONANT_Y.fullmatch(word):
        return f"{word[:-1]}ies"
    return f"{word}es" if _NEEDS_E.fullmatch(word) else f"{word}s"


def with_ed(verb: str) -> str:
    """The regular past."""
    if _CONSONANT_Y.fullmatch(verb):
        return f"{verb[:-1]}ied"
    return f"{verb}d" if verb.endswith("e") else f"{_doubled(verb)}ed"


def with_ing(verb: str) -> str:
    """The regular -ing form."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{_doubled(verb)}ing"


def verb_forms(verb: str, substitute: str) -> dict[str, str]:
    """Every form of a regular verb to the same form of its substitute, whose first word is the verb.

    The -ed form is left out where the substitute's past and participle differ: "-ed" does not tell which is meant.
    """
    head, _, rest = substitute.partition(" ")
    third, past, participle, gerund = IRREGULAR_VERBS.get(head) or (
        with_s(head),
        with_ed(head),
        with_ed(head),
        with_ing(head),
    )
    forms = {verb: head, with_s(verb): third, with_ing(verb): gerund}
    if past == participle:
        forms[with_ed(verb)] = past
    return {form: f"{stand_in} {rest}".strip() for form, stand_in in forms.items()}


def noun_forms(noun: str, substitute: str) -> dict[str, str]:
    """Singular to singular and plural to plural; in "group of stars" the first word is inflected, else the last."""
    head, of, rest = substitute.partition(" of ")
    start, space, last = head.rpartition(" ")
    plural = IRREGULAR_NOUNS.get(last) or with_s(last)
    return {noun: substitute, with_s(noun): f"{start}{space}{plural}{of}{rest}"}


def one_form(word: str, substitute: str) -> dict[str, str]:
    """The word as it is."""
    return {word: substitute}


FORMS: dict[str, Callable[[str, str], dict[str, str]]] = {
    "verb": verb_forms,
    "noun": noun_forms,
    "adjective": one_form,
    "adverb": one_form,
    "exact": one_form,
}


def _doubled(verb: str) -> str:
    """The verb with its last letter doubled where "stop" and "occur" would have it so."""
    doubles = _ONE_SHORT_SYLLABLE.fullmatch(verb) or verb in STRESSED_AT_THE_END
    return verb + verb[-1] if doubles else verb
