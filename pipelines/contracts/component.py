"""Component: a frozen bundle of parameters whose kind is the name of the file it lives in.

`{kind: top_fraction, by: proxy}` under a field of type `Selector` imports
`pipelines/selectors/top_fraction.py` and validates its one public component class. There is no
registry: a family is a package, a kind is a file in it, and a dotted kind (`acme.mine`) is a module
outside the project.
"""

import difflib
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Annotated, Any, ClassVar, NamedTuple, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pipelines.contracts.mistakes import named

KIND = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")  # a file's name, or a module's


class _Placement:
    """Marks a parameter that changes where or how fast a component runs, never its result."""


class _Added:
    """Marks a parameter that its component got later, and that at its default changes nothing.

    At its default it is no ingredient, so what was made before the component had it keeps its address.
    """


PLACEMENT = _Placement()
ADDED = _Added()
Workers = Annotated[int, PLACEMENT]
MemoryGb = Annotated[float, Field(ge=0, description="of a node's memory that Ray sets aside for a worker"), PLACEMENT]
AcceleratorType = Annotated[str, Field(description="of its GPU, as Ray names it: A100, L4"), PLACEMENT]


class Spec(BaseModel):
    """A frozen section of a config; a key it does not know is an error that names the ones it knows.

    Every number in it is finite.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The tree of this section; a nested component brings all its own parameters, not those of its family alone."""
        return super().model_dump(**{"serialize_as_any": True, **options})

    def model_dump_json(self, **options: Any) -> str:
        """The tree that `model_dump` gives, as JSON text."""
        return super().model_dump_json(**{"serialize_as_any": True, **options})

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, value: Any) -> Any:
        known = sorted(set(cls.model_fields) - {"kind"})
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise _error(cls, [Wrong(None, value, _no_section(cls, value, known))])
        unknown = [key for key in value if key not in cls.model_fields]
        if unknown:
            told = [f"no such key; {did_you_mean(key, known)}known: {', '.join(known)}" for key in unknown]
            raise _error(cls, [Wrong(key, value[key], text) for key, text in zip(unknown, told, strict=True)])
        return value


def sections(part: Any) -> Iterator[BaseModel]:
    """The section itself and every one inside it, at any depth, an outer one before those that it holds."""
    if isinstance(part, BaseModel):
        yield part
        values: Iterable[Any] = [getattr(part, key) for key in type(part).model_fields]
    elif isinstance(part, Mapping):
        values = part.values()
    else:
        values = part if isinstance(part, list | tuple) else ()
    for value in values:
        yield from sections(value)


class Component(Spec):
    """Frozen parameters of one kind; equal parameters are equal components.

    A family's root class names its package in `family`; validating a mapping against the root gives the kind's class.
    `version` is raised in the same commit that changes what the component computes, since code is not
    part of an address.
    """

    family: ClassVar[str] = ""
    version: ClassVar[int] = 1

    kind: str = ""

    @model_validator(mode="wrap")
    @classmethod
    def _resolve(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, cls):
            return value
        if "family" in cls.__dict__:
            return find(cls, value).model_validate(value if isinstance(value, Mapping) else {})
        if isinstance(value, Mapping):
            value = {"kind": kind_of(cls), **value}
        return handler(value)

    def fingerprint(self) -> dict[str, str]:
        """Hashes of the content outside the parameters that the result depends on: model files, input files."""
        return {}


C = TypeVar("C", bound=Component)


def kind_of(component: type[Component]) -> str:
    """The name under which a config finds this class: its file's name, or its dotted module outside the family."""
    package, _, name = component.__module__.rpartition(".")
    return name if package == component.family else component.__module__


def kinds(family: str) -> list[str]:
    """The names of all kinds of a family package, its files, sorted; imports none of them.

    A folder in the family is no kind: it holds what the kinds share, or a family of its own.
    """
    package = importlib.import_module(family)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)


def find(root: type[C], value: Any) -> type[C]:
    """The component class that `value` (a mapping with `kind`, or just the kind) names in the family of `root`."""
    kind = value.get("kind") if isinstance(value, Mapping) else value
    noun = root.__name__.lower()
    known = kinds(root.family)
    told = f"known: {', '.join(known)}"
    if value is None:
        cure = f"is null, and has to be a {noun}; leave the null out, or give a kind; {told}"
        raise _error(root, [Wrong(None, value, cure)])
    if not isinstance(kind, str) or not kind:
        raise _error(root, [Wrong("kind", value, f"a {noun} needs a kind; {told}")])
    if kind in known:
        return component_in(f"{root.family}.{kind}", root)
    if "." not in kind or not KIND.fullmatch(kind):
        hint = did_you_mean(kind, known) or "a module of your own is named with dots, as in acme.mine; "
        raise _error(root, [Wrong("kind", kind, f"no {noun} named {named(kind)}; {hint}{told}")])
    try:
        return _outside(kind, root)
    except _NoComponentError as error:
        raise _error(root, [Wrong("kind", kind, f"{error}; {told}")]) from error


def component_in(module_name: str, root: type[C]) -> type[C]:
    """The one public subclass of `root` that a module defines; TypeError when there is none or more than one."""
    found = _public(importlib.import_module(module_name), root)
    if len(found) != 1:
        raise TypeError(_not_one(module_name, root, found))
    return found[0]


def did_you_mean(given: Any, known: Sequence[str]) -> str:
    """A question that names what is known and closest to `given`, "" where nothing is close."""
    close = difflib.get_close_matches(str(given).strip().lower(), known, 1)
    return f"did you mean '{close[0]}'? " if close else ""


class Wrong(NamedTuple):
    """A key (None for the section itself) whose value is wrong, and the sentence that says so."""

    key: Any
    value: Any
    sentence: str


class _NoComponentError(Exception):
    """A module that cannot be had, or holds no component of a family."""


def _outside(module_name: str, root: type[C]) -> type[C]:
    """The component of a module outside the project; _NoComponentError says why it has none."""
    if module_name.partition(".")[0] in sys.stdlib_module_names:
        raise _NoComponentError(f"'{module_name}' is a part of Python and no {root.__name__.lower()}")
    try:
        found = _public(importlib.import_module(module_name), root)
    except ImportError as error:
        is_missing = error.name is not None and f"{module_name}.".startswith(f"{error.name}.")
        why = "it is not on the PYTHONPATH" if is_missing else str(error)
        raise _NoComponentError(f"no module '{module_name}' can be imported here: {why}") from error
    if len(found) != 1:
        raise _NoComponentError(_not_one(module_name, root, found))
    return found[0]


def _public(module: ModuleType, root: type[C]) -> list[type[C]]:
    return [
        item
        for name, item in vars(module).items()
        if isinstance(item, type)
        and issubclass(item, root)
        and item.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _not_one(module_name: str, root: type[C], found: Sequence[type[C]]) -> str:
    names = ", ".join(item.__name__ for item in found) or "none"
    return f"'{module_name}' has to define one public {root.__name__}, it defines: {names}"


def _no_section(model: type[BaseModel], value: Any, known: Sequence[str]) -> str:
    """What has to be there instead of a value that is no section; null is what people write to be rid of one."""
    needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
    wanted = f"has to be a section with {needed}" if needed else "has to be a section"
    cure = "leave the null out for its defaults" if not needed else "leave the null out, or write that section"
    return f"is {named(value)}, and {wanted}; {cure + '; ' if value is None else ''}known: {', '.join(known)}"


def _error(model: type[BaseModel], wrong: Sequence[Wrong]) -> ValidationError:
    return ValidationError.from_exception_data(
        model.__name__,
        [
            InitErrorDetails(
                type=PydanticCustomError("config", "{message}", {"message": each.sentence}),
                loc=() if each.key is None else (str(each.key),),
                input=each.value,
            )
            for each in wrong
        ],
    )
