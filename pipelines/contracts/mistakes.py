"""Mistakes: what a user can mend, told in a sentence; of a config one for each wrong value, behind its dotted path."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

SHOWN_CHARACTERS = 60
TYPE_TRIED = re.compile(r"str|\w+\[.*\]")
PLAIN = {
    "valid dictionary": "section of names",
    "valid tuple": "list",
    "valid list": "list",
    "valid integer": "whole number",
    "valid number": "number",
    "valid boolean": "true or false",
}


class Mistake(ValueError):  # noqa: N818 - it is the user's, the program has no error
    """What whoever runs a command can mend: the text says what is wrong and what to do.

    Every other error is a fault of the program, and is shown with its stack.
    """

    def __init__(self, sentence: str) -> None:
        """`sentence` stays as it is when Ray Data adds advice of its own to the arguments of an error."""
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def mistakes(error: "ValidationError") -> list[str]:
    """A sentence for every wrong value, with its path; where one may be of several types the first of them is asked."""
    found: dict[str, str] = {}
    for each in error.errors():
        found.setdefault(_path(each["loc"]), _sentence(each))
    return [f"{path}: {sentence}" for path, sentence in found.items()]


def named(value: Any) -> str:
    """The value as a person would name it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}...")
    return "a list" if isinstance(value, list | tuple) else "a section" if isinstance(value, dict) else repr(value)


def _path(location: tuple[int | str, ...]) -> str:
    """The dotted path of a value, without what pydantic adds of the type that it tried."""
    parts = [str(part) for part in location]
    while parts and TYPE_TRIED.fullmatch(parts[-1]):
        parts.pop()
    return ".".join(parts) or "config"


def _sentence(mistake: Any) -> str:
    kind, message, value = mistake["type"], mistake["msg"], mistake["input"]
    if kind == "missing":
        return "is missing; give it"
    if kind == "string_type":
        cure = "put it in quotes" if isinstance(value, bool | int | float) else "give one"
        return f"is {named(value)}, and has to be a text; {cure}"
    if kind == "dict_type" and value is None:
        return "is null, and has to be a section of names; leave the null out, or write {} for none"
    if message.startswith("Input should "):
        wanted = message.removeprefix("Input should ").partition(", unable to parse")[0]
        for term, plain in PLAIN.items():
            wanted = wanted.replace(term, plain)
        return f"is {named(value)}, and has to {wanted}"
    return str(message.removeprefix("Value error, "))
