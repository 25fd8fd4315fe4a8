"""Kinds: which components there are, and what a config may say of each, as text."""

from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo

from pipelines.contracts.byte_model import ByteModel
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import PLACEMENT, Component, Spec, component_in, did_you_mean, kinds
from pipelines.contracts.embedder import Embedder
from pipelines.contracts.engine import Engine
from pipelines.contracts.filter import Filter
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rewriter import Rewriter
from pipelines.contracts.scorer import Scorer
from pipelines.contracts.selector import Selector
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.contracts.task import Task
from training.contracts import Curriculum, Model, Objective
from training.yaml_text import on_one_line

ROOTS: tuple[type[Component], ...] = (
    Source,
    Filter,
    Scorer,
    Selector,
    Rewriter,
    Engine,
    Codec,
    ByteModel,
    Embedder,
    Step,
    Task,
    Model,
    Objective,
    Curriculum,
)
FAMILIES = {root.family.rpartition(".")[2]: root for root in ROOTS}
PLAIN = {int: "whole number", float: "number", str: "text", bool: "true | false", NoneType: "null", Any: "anything"}
ENDS = {Ge: ("ge", ">="), Gt: ("gt", ">"), Le: ("le", "<="), Lt: ("lt", "<")}


def kinds_table(name: str) -> str:
    """Every kind of a family with its parameters, or of all families; of one kind its whole documentation too.

    `name` is a family, a kind, or both with a full stop between; Mistake with what is close where there is none.
    """
    if not name or name in FAMILIES:
        families = [name] if name else list(FAMILIES)
        return "\n\n".join("\n".join([family, *_family(family)]) for family in families)
    found = [(family, kind) for family, kind in _all_kinds() if name in (kind, f"{family}.{kind}")]
    if not found:
        known = [*FAMILIES, *(each for pair in _all_kinds() for each in (pair[1], ".".join(pair)))]
        raise Mistake(
            f"no family or kind '{name}'; {did_you_mean(name, known)}give a family ({', '.join(FAMILIES)}), or a kind "
            "as in filters.length"
        )
    return "\n\n".join("\n".join(_whole(family, kind)) for family, kind in found)


def _all_kinds() -> Iterator[tuple[str, str]]:
    return ((family, kind) for family, root in FAMILIES.items() for kind in kinds(root.family))


def _component(family: str, kind: str) -> type[Component]:
    return component_in(f"{FAMILIES[family].family}.{kind}", FAMILIES[family])


def _family(family: str) -> Iterator[str]:
    for kind in kinds(FAMILIES[family].family):
        component = _component(family, kind)
        yield f"  {kind:18} {_documentation(component)[0]}"
        yield from (f"      {line}" for line in _parameters(component))


def _whole(family: str, kind: str) -> Iterator[str]:
    component = _component(family, kind)
    yield f"{family}.{kind}"
    yield from (f"  {line}".rstrip() for line in _documentation(component))
    yield ""
    yield from (f"  {line}" for line in _parameters(component) or ["no parameters"])


def _documentation(component: type[Component]) -> list[str]:
    return [line.strip() for line in (component.__doc__ or "").strip().splitlines()] or [""]


def _parameters(component: type[Component]) -> list[str]:
    """Each parameter with its type, what it may be, its default, and what it says of itself."""
    return [_parameter(name, field) for name, field in _ordered(component) if name != "kind"]


def _ordered(spec: type[Spec]) -> list[tuple[str, FieldInfo]]:
    """What has to be given first, and last what only says where and how fast it is done."""
    return sorted(
        spec.model_fields.items(), key=lambda each: (not each[1].is_required(), PLACEMENT in each[1].metadata)
    )


def _parameter(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"default {_default(field)}"
    where = ", placement" if PLACEMENT in field.metadata else ""
    told = f"; {field.description}" if field.description else ""
    return f"{name}: {_type(field.annotation, field.metadata)} ({default}{where}){told}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return on_one_line(field_value) if (field_value := _plain(value)) is not None else "null"


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.model_dump(mode="json")
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _type(annotation: Any, limits: Sequence[Any] = ()) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(
            inner[0], [*limits, *(each for extra in inner[1:] for each in getattr(extra, "metadata", [extra]))]
        )
    if origin in (Union, UnionType):
        return " | ".join(_type(each, limits if each is not NoneType else ()) for each in inner)
    if origin is Literal:
        return " | ".join(on_one_line(each) for each in inner)
    if origin is dict:
        return f"{{name: {_type(inner[1])}, ...}}"
    if origin in (list, tuple):
        return (
            f"list of {_type(inner[0])}" if inner[-1] is ... or origin is list else f"[{', '.join(map(_type, inner))}]"
        )
    return f"{_plain_type(annotation)}{_limits(limits)}"


def _plain_type(annotation: Any) -> str:
    if annotation in PLAIN:
        return PLAIN[annotation]
    family = next((name for name, root in FAMILIES.items() if root is annotation), None)
    if family is not None:
        return f"one of {family}"
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        fields = _ordered(annotation)
        return f"{{{', '.join(f'{name}: {_type(field.annotation, field.metadata)}' for name, field in fields)}}}"
    return str(getattr(annotation, "__name__", annotation))


def _limits(limits: Sequence[Any]) -> str:
    told = [
        f"{sign} {getattr(limit, key):g}"
        for limit in limits
        for kind, (key, sign) in ENDS.items()
        if type(limit) is kind
    ]
    told += ["not empty" for limit in limits if isinstance(limit, MinLen) and limit.min_length]
    return f" {' and '.join(told)}" if told else ""
