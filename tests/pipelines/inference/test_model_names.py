"""Every model that a config names is found by the type of its key, and can be replaced."""

from typing import Annotated

from pipelines.contracts.component import PLACEMENT, Spec
from pipelines.inference.model_files import DATAMODEL, TRAINED, DatamodelName, ModelName
from pipelines.inference.model_names import Named, named_models, with_names


class Inner(Spec):
    model: DatamodelName = "@helpful"
    name: str = "@text"


class Outer(Spec):
    start: Annotated[ModelName | None, PLACEMENT] = None
    several: list[ModelName] = []
    inside: dict[str, Inner] = {}
    listed: tuple[Inner, ...] = ()


WHOLE = Outer(start="a", several=["b", "c"], inside={"x": Inner()}, listed=(Inner(model="d"),))


def test_each_name_is_found_with_its_sort_in_order() -> None:
    assert list(named_models(WHOLE)) == [
        Named("a", TRAINED, True),
        Named("b", TRAINED, False),
        Named("c", TRAINED, False),
        Named("@helpful", DATAMODEL, True),
        Named("d", DATAMODEL, True),
    ]
    assert list(named_models(Outer())) == []


def test_names_are_replaced_and_a_list_may_grow() -> None:
    found = with_names(
        WHOLE, lambda named: [f"{named.name}1"] if named.is_one else [f"{named.name}1", f"{named.name}2"]
    )
    assert found == Outer(
        start="a1",
        several=["b1", "b2", "c1", "c2"],
        inside={"x": Inner(model="@helpful1")},
        listed=(Inner(model="d1"),),
    )


def test_what_names_no_model_stays_the_same_object() -> None:
    plain = Outer()
    assert with_names(plain, lambda named: ["other"]) is plain
    both = Outer(inside={"x": Inner()}, several=["b"])
    assert with_names(both, lambda named: [named.name]).start is None
