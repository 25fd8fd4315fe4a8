"""Mistakes: what is wrong with a config, one sentence for each value, behind its dotted path."""

from typing import Any

from pydantic import ValidationError

from pipelines.contracts.config_yaml import label

SHOWN_CHARACTERS = 60


def mistakes(error: ValidationError) -> list[str]:
    """A sentence for every mistake, each with the path of its value."""
    return [f"{'.'.join(map(str, each['loc'])) or 'config'}: {_sentence(each)}" for each in error.errors()]


def named(value: Any) -> str:
    """The value as a person would name it."""
    if value is None or isinstance(value, bool):
        return label(value)
    if isinstance(value, int | float):
        return f"the number {label(value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}...")
    return "a list" if isinstance(value, list | tuple) else "a section" if isinstance(value, dict) else repr(value)


def _sentence(mistake: Any) -> str:
    kind, message, value = mistake["type"], mistake["msg"], mistake["input"]
    if kind == "missing":
        return "is missing; give it"
    if kind == "string_type":
        cure = "put it in quotes" if isinstance(value, bool | int | float) else "give one"
        return f"is {named(value)}, and has to be a text; {cure}"
    if message.startswith("Input should "):
        wanted = message.removeprefix("Input should ").partition(", unable to parse")[0]
        return f"is {named(value)}, and has to {wanted}"
    return str(message.removeprefix("Value error, "))
