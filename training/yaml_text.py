"""YAML as people write it in configs: the core types of YAML 1.2, and no key twice.

PyYAML reads YAML 1.1, in which `no` is false, 0123 is 83, 1:30 is 90 and 5e6 is text.
"""

import re
from typing import Any

import yaml

NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
INT = re.compile(r"^(?:[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+)$")
FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
SCALARS = {"null": NULL, "bool": BOOL, "int": INT, "float": FLOAT, "merge": re.compile("^<<$")}


class TwiceError(yaml.YAMLError):
    """A key of a mapping is there twice."""


class _Loader(yaml.SafeLoader):
    """SafeLoader with the types of SCALARS alone."""

    yaml_implicit_resolvers: dict[str | None, list[Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                line, same = key.start_mark.line + 1, (key.tag, key.value)
                if first := lines.get(same):
                    raise TwiceError(f"the key '{key.value}' is there twice, in lines {first} and {line}; keep one")
                lines[same] = line
        return super().construct_mapping(node, deep)


def _whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes text which a reader of YAML 1.1 or 1.2 would take for another type."""


for _name, _pattern in SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, None)
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, None)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def parse(text: str | bytes) -> Any:
    """The tree; yaml.YAMLError where it is no YAML, and where a mapping has a key twice, with both lines."""
    return yaml.load(text, _Loader)


def write(tree: Any) -> str:
    """The tree as YAML in the order of its keys; `parse` of it gives an equal tree."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def on_one_line(tree: Any) -> str:
    """The tree as YAML on one line, as it stands behind the `=` of an override."""
    text = yaml.dump(
        tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=True, width=1_000_000
    )
    return text.strip().removesuffix("...").strip()
