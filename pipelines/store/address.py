"""Addresses: the ingredients that a result depends on, as canonical JSON, and the short name that follows from them.

Two runs with the same ingredients get the same address on any machine. A value that has no stable
JSON form raises; nothing is hashed by `str()`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from pipelines.contracts.component import ADDED, PLACEMENT, Component
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import OTHER_RELEASE

HASH_DIGITS = 12


def ingredients(value: Any) -> Any:
    """`value` as JSON-able data: components with kind, version, fingerprint and every parameter that is not placement.

    A parameter that is marked ADDED is there only where it is not at its default.

    Raises TypeError for anything without a stable form.
    """
    if isinstance(value, BaseModel):
        return _of_model(value)
    if isinstance(value, Mapping):
        return {_text_key(key): ingredients(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [ingredients(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no stable form for an address; use plain values, lists and components")


def parameters(component: Component) -> dict[str, Any]:
    """The ingredients of a component without its fingerprint, for comparing it where the outside content is absent."""
    return {**_parameters(component), "version": component.version}


def check_versions(component: Component, made: Mapping[str, Any]) -> None:
    """Raises Mistake where a component, or one inside it, is of another version than the ingredients `made` say."""
    if component.version != made["version"]:
        raise Mistake(
            f"this was made with version {made['version']} of '{component.kind}', which is at {component.version} now "
            f"and works differently; {OTHER_RELEASE}"
        )
    for name in type(component).model_fields:
        inner = getattr(component, name)
        if isinstance(inner, Component):
            check_versions(inner, made[name])


def address(name: str, made_of: Any, inputs: Sequence[str]) -> str:
    """`<name>-<12 hexadecimal digits>` of the canonical JSON of the ingredients `made_of` and the inputs' addresses."""
    canonical = json.dumps(
        {"recipe": made_of, "inputs": list(inputs)},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
    )
    return f"{name}-{hashlib.sha256(canonical.encode()).hexdigest()[:HASH_DIGITS]}"


def _parameters(model: BaseModel) -> dict[str, Any]:
    return {
        name: ingredients(getattr(model, name))
        for name, field in type(model).model_fields.items()
        if not (PLACEMENT in field.metadata or (ADDED in field.metadata and getattr(model, name) == field.default))
    }


def _of_model(model: BaseModel) -> dict[str, Any]:
    result = _parameters(model)
    if isinstance(model, Component):
        result["version"] = model.version
        fingerprint = model.fingerprint()
        if fingerprint:
            result["fingerprint"] = fingerprint
    return result


def _text_key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"keys are text, not {type(key).__name__}")
    return key
