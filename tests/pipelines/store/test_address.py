import pytest

from pipelines.contracts.selector import Selector
from pipelines.store.address import address, ingredients
from training.config import TrainingConfig


def test_equal_recipes_have_equal_addresses_whatever_the_order_of_keys() -> None:
    assert address("select", {"a": 1, "b": [1.5, None]}, ["x"]) == address("select", {"b": [1.5, None], "a": 1}, ["x"])


@pytest.mark.parametrize(
    "other", [("select", {"a": 2}, ["x"]), ("select", {"a": 1}, ["y"]), ("select", {"a": "1"}, ["x"])]
)
def test_any_other_ingredient_is_another_address(other: tuple) -> None:
    assert address(*other) != address("select", {"a": 1}, ["x"])


def test_addresses_are_pinned() -> None:
    assert address("select", {"a": 1}, ["x"]) == "select-8019b58648a6"


def test_a_component_brings_kind_version_and_parameters() -> None:
    assert ingredients(Selector.model_validate({"kind": "random", "fraction": 0.5})) == {
        "kind": "random",
        "fraction": 0.5,
        "of": "rows",
        "version": 2,
    }


def test_placement_is_no_part_of_a_recipe() -> None:
    assert ingredients(TrainingConfig(workers=2, checkpoint_every_steps=7)) == ingredients(TrainingConfig())
    assert ingredients(TrainingConfig(tokens=10_000)) != ingredients(TrainingConfig())


@pytest.mark.parametrize("value", [object(), {1: "x"}, b"bytes", {"x": {1, 2}}])
def test_a_value_without_a_stable_form_raises(value: object) -> None:
    with pytest.raises(TypeError, match=r"no stable form|keys are text"):
        ingredients(value)


def test_not_a_number_is_no_ingredient() -> None:
    with pytest.raises(ValueError, match="JSON"):
        address("select", {"a": float("nan")}, [])
