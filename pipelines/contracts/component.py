"""Component: a frozen bundle of parameters whose kind is the name of the file it lives in.

`{kind: top_fraction, by: proxy}` under a field of type `Selector` imports
`pipelines/selectors/top_fraction.py` and validates its one public component class. There is no
registry: a family is a package, a kind is a file in it, and a dotted kind (`acme.mine`) is a module
outside the project.
"""

import difflib
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError


class _Placement:
    """Marks a parameter that changes where or how fast a component runs, never its result."""


PLACEMENT = _Placement()
Workers = Annotated[int, PLACEMENT]


class Spec(BaseModel):
    """A frozen section of a config; a key it does not know is an error that names the ones it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The tree of this section; a nested component brings all its own parameters, not those of its family alone."""
        return super().model_dump(**{"serialize_as_any": True, **options})

    def model_dump_json(self, **options: Any) -> str:
        """The tree that `model_dump` gives, as JSON text."""
        return super().model_dump_json(**{"serialize_as_any": True, **options})

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, value: Any) -> Any:
        unknown = [key for key in value if key not in cls.model_fields] if isinstance(value, Mapping) else []
        if not unknown:
            return value
        known = sorted(set(cls.model_fields) - {"kind"})
        raise _error(cls, unknown[0], value[unknown[0]], f"no such key; {_nearest(str(unknown[0]), known)}")


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
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


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
    if not isinstance(kind, str) or not kind:
        raise _error(root, "kind", value, f"a {noun} needs a kind; known: {', '.join(known)}")
    if kind in known:
        return component_in(f"{root.family}.{kind}", root)
    if not DOTTED.fullmatch(kind):
        raise _error(root, "kind", kind, f"no {noun} named '{kind}'; {_nearest(kind, known)}")
    if _module_spec(kind) is None:
        raise _error(root, "kind", kind, f"no module '{kind}' can be imported here; known: {', '.join(known)}")
    try:
        return component_in(kind, root)
    except TypeError as error:
        raise _error(root, "kind", kind, f"{error}; name a module with a {noun} of yours, or one of {known}") from None


def component_in(module_name: str, root: type[C]) -> type[C]:
    """The one public subclass of `root` that a module defines; TypeError when there is none or more than one."""
    module = importlib.import_module(module_name)
    found = [
        item
        for name, item in vars(module).items()
        if isinstance(item, type)
        and issubclass(item, root)
        and item.__module__ == module.__name__
        and not name.startswith("_")
    ]
    if len(found) != 1:
        names = ", ".join(item.__name__ for item in found) or "none"
        raise TypeError(f"{module_name} has to define one public {root.__name__}, it defines: {names}")
    return found[0]


def _module_spec(module_name: str) -> ModuleSpec | None:
    """Where a module would come from; None where there is none, also below what is a module and no package."""
    package = module_name.rpartition(".")[0]
    if package:
        above = _module_spec(package)
        if above is None or above.submodule_search_locations is None:
            return None
    return importlib.util.find_spec(module_name)


def _nearest(wrong: str, known: Sequence[str]) -> str:
    """What a mistake ends with: the name that was probably meant, and all that are known."""
    close = difflib.get_close_matches(wrong, known, 1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(known)}"


def _error(model: type[BaseModel], key: Any, value: Any, message: str) -> ValidationError:
    error = PydanticCustomError("config", "{message}", {"message": message})
    return ValidationError.from_exception_data(
        model.__name__, [InitErrorDetails(type=error, loc=(str(key),), input=value)]
    )
