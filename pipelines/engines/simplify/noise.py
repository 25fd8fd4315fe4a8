"""Characters and words that are no language: addresses, encoded data, runs of marks, odd white space."""

import re

PLAIN_MARKS = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("–‐‑−•·●▪", "-"),
    **dict.fromkeys("—―", " - "),
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u2028\u2029", "\n"),
    **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u00ad\ufeff\ufffd\x7f", ""),
    **{chr(code): "" for code in range(32) if chr(code) not in "\t\n"},
    "…": "...",
}
ODD_MARK = re.compile(f"[{re.escape(''.join(PLAIN_MARKS))}]")

URL = r"(?:(?:https?|ftp|file)://|www\.)[^\s<>\"'`|]*[^\s<>\"'`|.,;:!?)\]}]"
EMAIL = r"(?:mailto:)?\b[\w.+-]++@[\w-]+(?:\.[\w-]+)+"
LED_TO = r"(?:\b(?:at|on|via|from|visit|see)[ \t]+)?[(<\[]?"
URL_PLACE = re.compile(rf"{LED_TO}{URL}[)>\]]?(?![\w/])", re.IGNORECASE)
# A name that no "@" follows is passed over at once up to its last word: no part of it begins an address.
EMAIL_PLACE = re.compile(rf"{LED_TO}{EMAIL}[)>\]]?(?![\w/])|(\b[\w.+-]*[.+-](?=\w))", re.IGNORECASE)
ADDRESS_LINE = re.compile(
    rf"^[^\w\n]*+(?:\w[\w' -]{{0,29}}:[ \t]*+[(<\[]*+)?(?>{URL}|{EMAIL})[^\w\n]*+(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)


SIXTEEN = re.compile(r"\S{16,}")
LONG_WORD = re.compile(r"(?<!\S)\S{16,}")
ENCODED = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/=_-]+")
HEXADECIMAL = re.compile(
    r"(?:0x)?(?=[0-9-]*[a-f])(?=[a-f-]*\d)[0-9a-f-]{16,}|(?:0X)?(?=[0-9-]*[A-F])(?=[A-F-]*\d)[0-9A-F-]{16,}"
)
KIND_CHANGE = re.compile(r"(?<=[a-z])(?=[^a-z])|(?<=[A-Z])(?=[^A-Z])|(?<=\d)(?=\D)|(?<=[+/=_-])(?=[^+/=_-])")
CHANGES_PER_CHARACTER = 0.4  # base64 of random bytes has about 0.6, long identifiers in camel case 0.3

REPEATED_MARK = re.compile(r"([!?,;])\1+|\.{4,}|([-=_*~#])\2{4,}")
REPEATS = ("!!", "??", ",,", ";;", "....", *(mark * 5 for mark in "-=_*~#"))
STRAY = re.compile(r"\((?<![\w)`\]]\()\s*+(?:[,;.]\s*+)?\)|\[(?<![\w)`\]]\[)\s*+\]")
SPACES = re.compile(r"(?<=[^ \t\n])(?:[ \t]{2,}|\t)")  # indentation is layout, it stays
LINE_EDGE = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
SPACE_BEFORE_MARK = re.compile(r" (?<=[\w)\"'] )([.,;!?])(?=\s|\Z)")
BLANK_LINES = re.compile(r"\n{3,}")


def with_plain_marks(text: str) -> str:
    """The text with ASCII quotes, dashes and spaces, and without control and invisible characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return ODD_MARK.sub(lambda match: PLAIN_MARKS[match[0]], text)


def without_addresses(text: str) -> str:
    """The text less URLs and e-mail addresses; a line of an address, or of a label and one, goes whole."""
    has_url = "://" in text or "www." in text
    has_email = "@" in text
    if has_url or has_email:
        text = ADDRESS_LINE.sub("", text)
    if has_url:
        text = URL_PLACE.sub("", text)
    return EMAIL_PLACE.sub(lambda match: match[1] or "", text) if has_email else text


def without_scrambled_words(text: str) -> str:
    """The text less long words of encoded data (hexadecimal, base64) and runs of marks; "!!!" is "!"."""
    if SIXTEEN.search(text):
        text = LONG_WORD.sub(lambda match: "" if is_scrambled(match[0]) else match[0], text)
    return REPEATED_MARK.sub(_one_mark, text) if any(repeat in text for repeat in REPEATS) else text


def is_scrambled(word: str) -> bool:
    """Whether a word of 16 or more characters is encoded data: letters and digits that take turns, in no order."""
    bare = word.strip(".,;:!?()[]{}<>\"'")
    if len(bare) < 16 or bare.isalpha() or bare.isdigit():
        return False
    if HEXADECIMAL.fullmatch(bare):
        return True
    return ENCODED.fullmatch(bare) is not None and len(KIND_CHANGE.findall(bare)) >= CHANGES_PER_CHARACTER * len(bare)


def with_plain_spaces(text: str) -> str:
    """The text with its indentation, else single spaces, none at line ends or before marks, and no two blank lines."""
    if "(" in text or "[" in text:
        text = STRAY.sub("", text)
    if "  " in text or "\t" in text:
        text = SPACES.sub(" ", text)
    if " \n" in text or "\t\n" in text:
        text = LINE_EDGE.sub("", text)
    if any(f" {mark}" in text for mark in ".,;!?"):
        text = SPACE_BEFORE_MARK.sub(r"\1", text)
    if "\n\n\n" in text:
        text = BLANK_LINES.sub("\n\n", text)
    return text.strip()


def _one_mark(match: re.Match[str]) -> str:
    return match[1] or ("..." if match[0][0] == "." else "")
