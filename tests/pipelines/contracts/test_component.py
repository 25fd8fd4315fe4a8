import importlib
import pickle
import pkgutil

import pytest
from pydantic import ValidationError

from pipelines import contracts
from pipelines.contracts.component import Component, component_in, kind_of, kinds
from pipelines.contracts.filter import Filter
from pipelines.contracts.selector import Selector
from pipelines.contracts.step import Step
from pipelines.selectors.top_fraction import TopFraction


def test_a_kind_is_found_by_its_file_name() -> None:
    selector = Selector.model_validate({"kind": "top_fraction", "by": "proxy", "fraction": 0.3})
    assert selector == TopFraction(by="proxy", fraction=0.3)
    assert selector.kind == "top_fraction" == kind_of(TopFraction)


def test_a_bare_kind_is_a_component_with_defaults() -> None:
    assert Selector.model_validate("random") == Selector.model_validate({"kind": "random"})


def test_a_component_is_hashable_and_survives_pickling() -> None:
    selector = TopFraction(by="proxy")
    assert pickle.loads(pickle.dumps(selector)) == selector
    assert hash(selector) == hash(TopFraction(by="proxy"))


@pytest.mark.parametrize(
    ("value", "location", "words"),
    [
        ({"kind": "top_fracton"}, ("kind",), ["no selector named 'top_fracton'", "top_fraction", "random"]),
        ({}, ("kind",), ["a selector needs a kind", "random"]),
        ({"kind": "top-fraction"}, ("kind",), ["no selector named 'top-fraction'; did you mean 'top_fraction'?"]),
        ({"kind": "acme.mine"}, ("kind",), ["no module 'acme.mine' can be imported here: it is not on the PYTHONPATH"]),
        ({"kind": "os.path"}, ("kind",), ["'os.path' is a part of Python and no selector"]),
        ({"kind": "this.poem"}, ("kind",), ["'this.poem' is a part of Python and no selector"]),
        ({"kind": "numpy.linalg"}, ("kind",), ["'numpy.linalg' has to define one public Selector, it defines: none"]),
        ({"kind": "numpy.linalg.x.y"}, ("kind",), ["no module 'numpy.linalg.x.y' can be imported here"]),
        (
            {"kind": ".."},
            ("kind",),
            ["no selector named '..'; a module of your own is named with dots, as in acme.mine"],
        ),
        ({"kind": "a..b"}, ("kind",), ["no selector named 'a..b'; a module of your own", "known: "]),
        ({"kind": ".random"}, ("kind",), ["no selector named '.random'; did you mean 'random'?"]),
        ({"kind": "/srv/mine.py"}, ("kind",), ["no selector named '/srv/mine.py'; a module of your own"]),
        ({"kind": "../random"}, ("kind",), ["no selector named '../random'; did you mean 'random'?"]),
        ({"kind": " random "}, ("kind",), ["no selector named ' random '; did you mean 'random'?"]),
        ({"kind": 7}, ("kind",), ["a selector needs a kind; known: "]),
        ({"kind": "random", "fractoin": 0.1}, ("fractoin",), ["did you mean 'fraction'", "known:"]),
    ],
)
def test_a_mistake_names_the_key_and_the_known_values(value: object, location: tuple[str], words: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Selector.model_validate(value)
    (error,) = caught.value.errors()
    assert error["loc"] == location
    assert all(word in error["msg"] for word in words)


def test_every_unknown_key_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Selector.model_validate({"kind": "random", "fractoin": 0.1, "off": "rows"})
    assert [error["loc"] for error in caught.value.errors()] == [("fractoin",), ("off",)]


def test_a_value_that_is_no_section_is_told_what_a_section_holds() -> None:
    for value, told in ((3, "is the number 3"), ("x", "is 'x'")):
        with pytest.raises(ValidationError) as caught:
            TopFraction.model_validate(value)
        (error,) = caught.value.errors()
        assert error["msg"] == f"{told}, and has to be a section with by; known: by, doubt, fraction, of, order"


def test_a_module_that_lacks_what_it_imports_says_what(tmp_path, monkeypatch) -> None:
    (tmp_path / "acme_broken").mkdir()
    (tmp_path / "acme_broken" / "mine.py").write_text("import nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValidationError, match="imported here: No module named 'nowhere_to_be_found'"):
        Filter.model_validate({"kind": "acme_broken.mine"})


@pytest.mark.parametrize(
    "kind",
    [
        "os.path",
        "json",
        "..",
        ".",
        "a..b",
        ".x",
        "x.",
        "/etc/passwd",
        "a b",
        " ",
        "os.path\n",
        "1.2",
        "pipelines.steps",
        "os.path.x",
        "numpy.random.mtrand.x",
        "json.x.y",
    ],
)
def test_a_kind_that_is_no_component_is_one_sentence(kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Selector.model_validate({"kind": kind})
    (mistake,) = caught.value.errors()
    assert mistake["loc"] == ("kind",)
    assert "top_fraction" in mistake["msg"]


def test_a_misspelt_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'top_fraction'"):
        Selector.model_validate({"kind": "top_fractions"})


def test_the_path_of_a_nested_mistake_is_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        Step.model_validate({"kind": "clean", "filters": [{"kind": "length"}, {"kind": "lenght"}]})
    assert caught.value.errors()[0]["loc"] == ("filters", 1, "kind")


def test_a_dotted_kind_is_a_module_outside(tmp_path, monkeypatch) -> None:
    (tmp_path / "acme_filter.py").write_text(
        "import pyarrow as pa\nfrom pipelines.contracts.filter import Filter\n\n"
        "class Nothing(Filter):\n    def open(self):\n        return lambda texts: pa.nulls(len(texts), pa.string())\n"
    )
    package = tmp_path / "acme"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "acme_filter.py").rename(package / "mine.py")
    monkeypatch.syspath_prepend(tmp_path)
    found = Filter.model_validate({"kind": "acme.mine"})
    assert found.kind == "acme.mine"
    assert Filter.model_validate(found.model_dump()) == found


def roots() -> list[type[Component]]:
    """The root class of every family, each in a module of its own."""
    names = [module.name for module in pkgutil.iter_modules(contracts.__path__, f"{contracts.__name__}.")]
    items = [item for name in names for item in vars(importlib.import_module(name)).values()]
    found = {item for item in items if isinstance(item, type) and issubclass(item, Component) and item.family}
    return sorted((item for item in found if "family" in vars(item)), key=lambda root: root.family)


def test_every_family_has_a_contract_of_its_own() -> None:
    assert len(roots()) == len({root.__module__ for root in roots()}) == 11


@pytest.mark.parametrize("root", roots(), ids=lambda root: root.family)
def test_every_file_of_a_family_defines_one_component(root: type[Component]) -> None:
    for kind in kinds(root.family):
        component = component_in(f"{root.family}.{kind}", root)
        assert component.__doc__, f"{kind} has no documentation"
