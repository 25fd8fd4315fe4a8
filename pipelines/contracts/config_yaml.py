"""YAML as configs are written in it: the core types of YAML 1.2, digits in groups (`2_000_000`), and every key once.

So `no`, `on`, `1:30` and `2026-11-26` are text and `5e6` is a number, where YAML 1.1 has it the other way round.
"""

import re
from typing import Any, ClassVar

import yaml

TAG = "tag:yaml.org,2002:"
CORE_TYPES = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+(?:_[0-9]+)*|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)",
}


RESOLVERS = [(f"{TAG}{name}", re.compile(rf"(?:{pattern})\Z")) for name, pattern in CORE_TYPES.items()]


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    """The whole mapping at once, so that one that holds itself is an error and no endless value."""
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


def _sequence(loader: Any, node: yaml.SequenceNode) -> list[Any]:
    found: list[Any] = loader.construct_sequence(node, deep=True)
    return found


def _whole_number(loader: Any, node: yaml.ScalarNode) -> int:
    digits = loader.construct_scalar(node).lower().replace("_", "")
    return int(digits, {"0o": 8, "0x": 16}.get(digits[:2], 10))


class _Loader(yaml.SafeLoader):
    """Reads one document, in which a mapping holds a key once and never itself."""

    yaml_implicit_resolvers: Any = {None: [*RESOLVERS, (f"{TAG}merge", re.compile(r"<<\Z"))]}
    yaml_constructors: ClassVar[Any] = {
        **yaml.SafeLoader.yaml_constructors,
        f"{TAG}map": _mapping,
        f"{TAG}seq": _sequence,
        f"{TAG}int": _whole_number,
    }

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                name, line = (key.tag, key.value), key.start_mark.line + 1
                if name in lines:
                    raise _RepeatedKeyError(
                        f"has the key '{key.value}' twice, in lines {lines[name]} and {line}; keep one of them"
                    )
                lines[name] = line
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes every text that a reader of YAML 1.1 or 1.2 would take for something else."""

    yaml_implicit_resolvers: Any = {**yaml.SafeDumper.yaml_implicit_resolvers, None: RESOLVERS}


class _RepeatedKeyError(yaml.YAMLError):
    """A mapping with one key twice."""


def read(text: str, origin: str) -> Any:
    """The value that `text` stands for; ValueError, one sentence that begins with `origin`, where it is no YAML."""
    try:
        return yaml.load(text, _Loader)
    except _RepeatedKeyError as error:
        raise ValueError(f"{origin} {error}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{origin} is no YAML: {_problem(error)}") from None
    except ValueError as error:
        raise ValueError(f"{origin} is no YAML: {error}") from None
    except RecursionError:
        raise ValueError(f"{origin} is nested too deep; close the brackets that were left open") from None


def written(value: Any) -> str:
    """The value as YAML over several lines, its keys in their order; `read` gives it back."""
    return _dumped(value, default_flow_style=False)


def label(value: Any) -> str:
    """The value as YAML on one line, as it stands behind the `=` of an override; `read` gives it back."""
    return _dumped(value, default_flow_style=True, width=1_000_000).strip().removesuffix("...").strip()


def _dumped(value: Any, **layout: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, **layout)
    return text


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())
