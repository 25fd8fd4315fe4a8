"""What holds for every engine: a new file in the family is tested from the moment it exists."""

import pickle

import pytest
import yaml

from pipelines.contracts.component import find, kinds
from pipelines.contracts.engine import Engine, Message, Prompt
from pipelines.contracts.rows import Resources

KINDS = kinds(Engine.family)
TEXTS = [
    "The cat sat.",
    "",
    "  It rained all day.\n\nNobody came.  ",
    "Über 1,912 people — 語 😀",
    "def f(x):\n    return x",
    "a" * 5000,
]


def _required(kind: str) -> dict[str, str]:
    """A word for every parameter without a default."""
    fields = find(Engine, kind).model_fields
    return {name: "some-name" for name, field in fields.items() if field.is_required()}


def _usual(kind: str) -> Engine:
    return Engine.model_validate({"kind": kind, **_required(kind)})


WITHOUT_MODEL = [kind for kind in KINDS if not _required(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_describes_itself_and_its_worker(kind: str) -> None:
    engine = _usual(kind)

    assert engine.kind == kind
    assert find(Engine, kind).__doc__
    assert isinstance(engine.resources, Resources)
    assert engine.resources.cpus > 0


@pytest.mark.parametrize("kind", KINDS)
def test_round_trips_through_yaml_and_pickle(kind: str) -> None:
    engine = _usual(kind)

    assert Engine.model_validate(yaml.safe_load(yaml.safe_dump(engine.model_dump(mode="json")))) == engine
    assert pickle.loads(pickle.dumps(engine)) == engine
    assert hash(pickle.loads(pickle.dumps(engine))) == hash(engine)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_parameter_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="temprature"):
        Engine.model_validate({"kind": kind, **_required(kind), "temprature": 0.1})


@pytest.mark.parametrize("kind", WITHOUT_MODEL)
def test_the_nth_reply_answers_the_nth_prompt(kind: str) -> None:
    answer = _usual(kind).open()
    prompts = [Prompt((Message("user", text),), text) for text in TEXTS]

    together = answer(prompts)

    assert together == [answer([prompt])[0] for prompt in prompts]
    assert answer(prompts[::-1]) == together[::-1]
    assert answer([]) == []


@pytest.mark.parametrize("kind", WITHOUT_MODEL)
def test_without_a_model_every_reply_is_whole_and_costs_no_operations(kind: str) -> None:
    engine = _usual(kind)
    replies = engine.open()([Prompt((Message("user", text),), text) for text in TEXTS])

    assert {reply.finish for reply in replies} == {"stop"}
    assert engine.flops(1e9, 1e9) == 0.0
