"""Models that a run trains for its own data."""

import pytest

from pipelines.build import data_addresses
from pipelines.check import check_data
from pipelines.config import DataConfig
from pipelines.contracts.mistakes import Mistake
from pipelines.store.store import Store
from training.needed import with_models
from training.recipe import DatamodelEntry, Recipe, RegressionEntry
from training.references import references, resolved

TEXT = {"kind": "text", "path": "nowhere.txt"}
PROXY = {"kind": "score", "scorer": {"kind": "proxy_loss", "model": "@proxy"}}


def tree(models: dict, **data) -> dict:
    return {"models": models, "data": {"source": TEXT, **data}, "evaluation": {"held_out": TEXT}}


def test_every_reference_is_found() -> None:
    codec = {"kind": "equal_info", "model": {"kind": "transformer", "model": "@m1"}}
    served = {"kind": "rewrite", "rewriter": "leaner", "engine": {"kind": "http", "model": "@theirs"}}
    config = DataConfig.model_validate({"source": TEXT, "steps": {"a": PROXY, "b": served}, "codec": codec})
    assert [each.name for each in references(config)] == ["proxy", "m1"], "a server's name of a model is none of ours"


def test_a_model_of_another_sort_is_refused_with_those_that_fit() -> None:
    by_datamodel = {"kind": "score", "scorer": {"kind": "datamodel", "model": "@proxy"}}
    proxy = {"data": {"source": TEXT}}
    helpful = {"data": {"source": TEXT}, "datamodel": {"models": ["@proxy"], "targets": {"t": {"source": TEXT}}}}
    told = r"data wants a datamodel where it refers to '@proxy', which is a model that is trained"
    with pytest.raises(ValueError, match=told + "; add one to the section `models`, before what refers to it"):
        Recipe.model_validate(tree({"proxy": proxy}, steps={"a": by_datamodel}))
    with pytest.raises(ValueError, match=told + "; name one of '@helpful'"):
        Recipe.model_validate(tree({"proxy": proxy, "helpful": helpful}, steps={"a": by_datamodel}))
    by_loss = {"kind": "score", "scorer": {"kind": "proxy_loss", "model": "@helpful"}}
    with pytest.raises(ValueError, match="wants a model that is trained where it refers to '@helpful'"):
        Recipe.model_validate(tree({"proxy": proxy, "helpful": helpful}, steps={"a": by_loss}))


def test_references_become_folders() -> None:
    config = DataConfig.model_validate(
        {
            "source": TEXT,
            "steps": {"a": PROXY},
            "codec": {"kind": "equal_info", "model": {"kind": "transformer", "model": "@m1"}},
        }
    )
    folders = {"m1": {1: "/store/m1"}, "proxy": {1: "s3://bucket/proxy"}}
    found = resolved(config, folders).model_dump()
    assert found["codec"]["model"]["model"] == "/store/m1"
    assert found["steps"]["a"]["scorer"]["model"] == "s3://bucket/proxy"


def test_a_model_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"data refers to '@proxy'.*\['m1'\]; add models.proxy"):
        Recipe.model_validate(tree({"m1": {"data": {"source": TEXT}}}, steps={"a": PROXY}))


def test_a_model_may_need_one_before_it_and_none_behind() -> None:
    proxy, user = {"data": {"source": TEXT}}, {"data": {"source": TEXT, "steps": {"a": PROXY}}}
    Recipe.model_validate(tree({"proxy": proxy, "user": user}))
    with pytest.raises(ValueError, match=r"models.user refers to '@proxy'"):
        Recipe.model_validate(tree({"user": user, "proxy": proxy}))


def test_only_models_that_are_needed_are_trained() -> None:
    other = {"data": {"source": TEXT}}
    user = {"data": {"source": TEXT, "steps": {"a": PROXY}}}
    codec = {"kind": "equal_info", "model": {"kind": "transformer", "model": "@user"}}
    models = {"proxy": other, "other": other, "user": user}
    assert Recipe.model_validate(tree(models, codec=codec)).needed_models == {"proxy": [1], "user": [1]}
    assert Recipe.model_validate(tree(models)).needed_models == {}


def test_a_model_has_one_seed() -> None:
    other = {"data": {"source": TEXT}, "training": {"seed": 5}}
    with pytest.raises(ValueError, match=r"training.seed 5 is not 0; set `seed` beside it"):
        Recipe.model_validate(tree({"m1": other}))


def test_a_folder_that_is_not_there_is_found_before_any_work(tmp_path) -> None:
    (tmp_path / "text.txt").write_text("Some text.")
    source = {"kind": "text", "path": str(tmp_path / "text.txt")}
    codec = {"kind": "equal_info", "model": {"kind": "transformer", "model": "m1"}}
    config = DataConfig.model_validate({"source": source, "codec": codec})
    with pytest.raises(ValueError, match="finds no folder 'm1'; give that of an exported model, or '@name'"):
        check_data(config)


DATAMODEL = {
    "datamodel": {"models": ["@proxy", "/a/folder"], "targets": {"t": {"source": TEXT}}},
    "data": {"source": TEXT},
}
BY_DATAMODEL = {"kind": "score", "scorer": {"kind": "datamodel", "model": "@helpful"}}


def test_a_list_of_models_takes_every_copy() -> None:
    proxy = {"copies": 2, "data": {"source": TEXT}}
    recipe = Recipe.model_validate(tree({"proxy": proxy, "helpful": DATAMODEL}, steps={"a": BY_DATAMODEL}))
    assert recipe.needed_models == {"proxy": [1, 2], "helpful": [1]}
    entry = recipe.models["helpful"]
    assert isinstance(entry, DatamodelEntry)
    found = resolved(entry.datamodel, {"proxy": {1: "/one", 2: "/two"}})
    assert found.models == ["/one", "/two", "/a/folder"]


def test_what_models_have_read_is_left_out_of_what_comes_after_them() -> None:
    entry = {"copies": 2, "data": {"source": TEXT}}
    recipe = Recipe.model_validate(
        tree({"warm": entry, "other": entry}, steps={"fresh": {"kind": "exclude", "models": ["@warm", "@other.2"]}})
    )
    assert recipe.needed_models == {"warm": [1, 2], "other": [2]}
    folders = {name: {copy: f"/store/train-{copy:012x}/run/model" for copy in (1, 2)} for name in ("warm", "other")}
    fresh = resolved(recipe.data, folders).steps["fresh"]
    assert fresh.model_dump()["models"] == [*folders["warm"].values(), folders["other"][2]]
    assert fresh.fingerprint() == {f"model.{number}": f"train-{copy:012x}" for number, copy in enumerate((1, 2, 2))}


def test_a_training_goes_on_from_a_model_of_the_same_shape() -> None:
    warm = {"data": {"source": TEXT}}

    def recipe(start: str, **changes) -> Recipe:
        return Recipe.model_validate(
            {**tree({"warm": warm, "helpful": HELPFUL}), "training": {"start": start, **changes}}
        )

    assert recipe("@warm").needed_models == {"warm": [1]}
    assert resolved(recipe("@warm").training, {"warm": {1: "/store/warm"}}).start == "/store/warm"
    with pytest.raises(ValueError, match=r"training refers to '@cold', which is not among the models before it"):
        recipe("@cold")
    with pytest.raises(ValueError, match=r"training.start is '@warm', whose model is .* goes on with the same model"):
        recipe("@warm", model={"kind": "llama", "layers": 3})
    with pytest.raises(
        ValueError, match=r"training wants a model that is trained where it refers to '@helpful', which is a data"
    ):
        recipe("@helpful")
    again = {**warm, "training": {"start": "@warm", "model": {"kind": "llama", "layers": 3}}}
    with pytest.raises(ValueError, match=r"models.again.training.start is '@warm'"):
        Recipe.model_validate(tree({"warm": warm, "again": again}))


HELPFUL = {
    "datamodel": {"models": ["@warm"], "targets": {"t": {"source": TEXT}}},
    "data": {"source": TEXT},
}


def test_one_model_is_not_one_of_several_copies() -> None:
    proxy = {"copies": 2, "data": {"source": TEXT}}
    with pytest.raises(ValueError, match=r"data wants one model where it refers to '@proxy', of which there are 2.*1'"):
        Recipe.model_validate(tree({"proxy": proxy}, steps={"a": PROXY}))


def test_a_copy_has_a_number() -> None:
    proxy = {"copies": 2, "data": {"source": TEXT}}

    def recipe(copy: int) -> Recipe:
        step = {"kind": "score", "scorer": {"kind": "proxy_loss", "model": f"@proxy.{copy}"}}
        return Recipe.model_validate(tree({"proxy": proxy}, steps={"a": step}))

    assert recipe(2).needed_models == {"proxy": [2]}, "the other copy is not made"
    found = resolved(recipe(2).data, {"proxy": {1: "/one", 2: "/two"}}).model_dump()
    assert found["steps"]["a"]["scorer"]["model"] == "/two"
    for copy in (0, 3):
        with pytest.raises(ValueError, match=rf"data refers to copy {copy} of '@proxy', of which there are 2"):
            recipe(copy)


def test_a_datamodel_wants_its_models_before_it() -> None:
    with pytest.raises(ValueError, match=r"models.helpful refers to '@proxy', which is not among the models before it"):
        Recipe.model_validate(tree({"helpful": DATAMODEL}, steps={"a": BY_DATAMODEL}))


def test_what_is_wrong_in_an_entry_is_told_with_its_path() -> None:
    wrong = {**DATAMODEL, "datamodel": {**DATAMODEL["datamodel"], "damping": -1}}
    with pytest.raises(ValueError, match=r"models\.helpful\.datamodel\.damping"):
        Recipe.model_validate(tree({"helpful": wrong}))
    with pytest.raises(ValueError, match=r"no such key.*known: data, datamodel, seed"):
        Recipe.model_validate(tree({"helpful": {**DATAMODEL, "training": {}}}))


def test_a_model_has_a_name_without_dots() -> None:
    with pytest.raises(ValueError, match=r"'gpt2\.5' cannot name a model; use letters, digits, '_' and '-'"):
        Recipe.model_validate(tree({"gpt2.5": {"data": {"source": TEXT}}}))


def test_no_model_is_asked_twice() -> None:
    recipe = Recipe.model_validate(tree({"proxy": {"data": {"source": TEXT}}, "helpful": DATAMODEL}))
    entry = recipe.models["helpful"]
    assert isinstance(entry, DatamodelEntry)
    with pytest.raises(Mistake, match="models: the models of a datamodel are each asked once, and '/a/folder'"):
        resolved(entry.datamodel, {"proxy": {1: "/a/folder"}})


def regression(**steps: object) -> dict:
    return {"data": {"source": TEXT, "steps": steps}, "regression": {"of": "a"}}


def test_a_regression_needs_what_its_sample_was_scored_by() -> None:
    models = {"proxy": {"data": {"source": TEXT}}, "cheap": regression(a=PROXY)}
    by_cheap = {"kind": "score", "scorer": {"kind": "distilled", "model": "@cheap"}}
    recipe = Recipe.model_validate(tree(models, steps={"b": by_cheap}))
    assert recipe.needed_models == {"proxy": [1], "cheap": [1]}
    assert isinstance(recipe.models["cheap"], RegressionEntry)
    with pytest.raises(ValueError, match=r"no such key.*known: data, regression, seed"):
        Recipe.model_validate(tree({"cheap": {**regression(), "copies": 2}}))


def test_a_regression_of_a_column_that_is_not_there_is_found_before_any_work(tmp_path) -> None:
    (tmp_path / "text.txt").write_text("Some text.")
    source = {"kind": "text", "path": str(tmp_path / "text.txt")}
    entry = RegressionEntry.model_validate({"data": {"source": source}, "regression": {"of": "helpful"}})
    with pytest.raises(Mistake, match=r"models.cheap.regression' needs the column 'helpful'.*add a score step"):
        entry.check("models.cheap")


def test_a_regression_has_a_folder_before_it_is_made(tmp_path) -> None:
    (tmp_path / "text.txt").write_text("Some text.")
    source = {"kind": "text", "path": str(tmp_path / "text.txt")}
    size = {"kind": "score", "scorer": "length"}
    by_cheap = {"kind": "score", "scorer": {"kind": "distilled", "model": "@cheap"}}

    def step(penalty: float) -> str:
        cheap = {"data": {"source": source, "steps": {"a": size}}, "regression": {"of": "a", "penalty": penalty}}
        recipe = {"models": {"cheap": cheap}, "data": {"source": source, "steps": {"b": by_cheap}}}
        config = with_models(Recipe.model_validate({**recipe, "evaluation": {"held_out": source}}), store)
        return data_addresses(config.data, 0)["b"]

    store = Store(str(tmp_path / "store"))
    assert step(1) == step(1) != step(2)


def test_the_files_of_a_target_are_missed_before_any_work_by_the_key_of_the_target(tmp_path) -> None:
    (tmp_path / "text.txt").write_text("Some text.")
    source = {"kind": "text", "path": str(tmp_path / "text.txt")}
    for target in (
        {"task": {"kind": "completion", "name": "gone", "path": str(tmp_path / "gone.jsonl")}},
        {"source": {"kind": "jsonl", "path": str(tmp_path / "gone.jsonl")}},
    ):
        datamodel = {"models": ["@proxy"], "targets": {"sums": target}}
        models = {
            "proxy": {"data": {"source": source}},
            "helpful": {"data": {"source": source}, "datamodel": datamodel},
        }
        recipe = Recipe.model_validate({**tree(models, steps={"a": BY_DATAMODEL})})
        with pytest.raises(ValueError, match=r"models\.helpful\.datamodel\.targets\.sums: there is no '.*gone\.jsonl'"):
            recipe.check()
