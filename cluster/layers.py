"""Layers: a config file and those that it extends, each read once, and the one tree that they make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.contracts.config_yaml import label, read

EXTENDS = "extends"
NAMES = {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}


class Layer(NamedTuple):
    """One file: its sections, and what it `extends` as it is written there."""

    file: Path
    tree: dict[str, Any]
    below: str | None


def layers(file: Path) -> list[Layer]:
    """The file, the one that it extends, and so on; ValueError of one sentence where one of them is no config."""
    found = [_layer(file, f"no config file '{file}'; give the path of a YAML file")]
    while (below := found[-1].below) is not None:
        above = found[-1].file
        file = above.parent / below
        _refuse_circle([*(layer.file for layer in found), file])
        found.append(_layer(file, f"'{above}' extends '{below}', and there is no file '{file}'; mend the path"))
    return found


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, section by section; a component of another kind replaces the one below it whole."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping) and not _other_kind(under, value):
            result[key] = merge(under, value)
        else:
            result[key] = value
    return result


def _other_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "kind" in above and above["kind"] != below.get("kind")


def _layer(file: Path, missing: str) -> Layer:
    tree = read(_text(file, missing), f"config file '{file}'")
    if not isinstance(tree, dict):
        held = "is empty" if tree is None else f"holds {NAMES.get(type(tree), 'no mapping')}"
        raise ValueError(f"config file '{file}' {held}; a config holds sections: name, data, training, evaluation, ...")
    sections = {key: value for key, value in tree.items() if key != EXTENDS}
    return Layer(file, sections, _below(file, tree[EXTENDS]) if EXTENDS in tree else None)


def _below(file: Path, below: Any) -> str:
    if not isinstance(below, str) or not below.strip() or "\0" in below:
        told = repr(below) if isinstance(below, str) else label(below)
        raise ValueError(
            f"'{file}' extends {told}, and has to name a YAML file by its path from there; name one, or leave "
            f"'{EXTENDS}' out"
        )
    return below


def _text(file: Path, missing: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(missing) from None
    except IsADirectoryError:
        raise ValueError(f"'{file}' is a folder; give the path of a YAML file") from None
    except UnicodeDecodeError:
        raise ValueError(f"config file '{file}' is no UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ValueError(f"config file '{file}' cannot be read: {error.strerror}; make it readable") from None


def _refuse_circle(files: list[Path]) -> None:
    resolved = [file.resolve() for file in files]
    if resolved[-1] in resolved[:-1]:
        told = " > ".join(file.name for file in files[resolved.index(resolved[-1]) :])
        raise ValueError(f"'{files[0]}': {told} extends itself; take one '{EXTENDS}' out")
