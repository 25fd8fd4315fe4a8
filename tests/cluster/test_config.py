import re
from pathlib import Path

import pytest
import yaml

from cluster.commands import check_comparable
from cluster.config import RunConfig, dump, is_override, load, merge, read_tree
from pipelines.contracts.mistakes import Mistake
from pipelines.steps.score import Score
from training.recipe import set_path
from tuning.validation.candidates import scores

RUNS = Path(__file__).resolve().parent.parent.parent / "cluster" / "runs"
MINIMAL = {
    "name": "minimal",
    "data": {"source": {"kind": "python_topics", "half": "target"}},
    "evaluation": {"held_out": {"kind": "python_topics", "half": "evaluation"}},
}


@pytest.fixture
def write(tmp_path):
    def to_file(tree: dict, name: str = "run.yaml") -> str:
        file = tmp_path / name
        file.write_text(yaml.safe_dump(tree, sort_keys=False))  # steps and models have an order
        return str(file)

    return to_file


def mistake(write, *overrides: str, **sections: object) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        load(write({**MINIMAL, **sections}), overrides)
    return str(caught.value)


@pytest.mark.parametrize("file", sorted(RUNS.rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_config_that_ships_loads_and_comes_back_equal(file: Path, write) -> None:
    if file.stem == "common":
        pytest.skip("is no run of its own")
    config = load(str(file))
    assert load(write(yaml.safe_load(dump(config)))) == config


@pytest.mark.parametrize("arms", ["selection/tiny-*.yaml", "selection/paper/*/[0-9]*.yaml"])
def test_the_arms_of_a_folder_can_be_compared(arms: str) -> None:
    by_folder: dict[Path, list[RunConfig]] = {}
    for file in sorted(RUNS.glob(arms)):
        by_folder.setdefault(file.parent, []).append(load(str(file)))
    assert by_folder
    for configs in by_folder.values():
        assert check_comparable(configs) == "flops"
        assert configs[0].name == "random", "the first arm is the one to beat"


def test_a_validation_wants_its_section_and_knows_its_models(write) -> None:
    with pytest.raises(Mistake, match="there is no section `validation`; add one with a `model`"):
        _ = load(write(MINIMAL)).validated
    told = mistake(write, validation={"model": "@small"})
    assert "validation refers to '@small', which is not among the models before it" in told
    assert "validation.retrain.seeds" in mistake(write, validation={"model": "m", "retrain": {"seeds": 1}})


def test_the_scores_that_ship_for_validation_are_those_of_the_arms() -> None:
    kinds = {step.scorer.kind for step in scores(load(str(RUNS / "selection" / "validate.yaml")).data).values()}
    arms = [load(str(file)).data.steps.values() for file in RUNS.glob("selection/tiny-*.yaml")]
    assert kinds == {step.scorer.kind for steps in arms for step in steps if isinstance(step, Score)}


def test_an_override_reaches_its_key(write) -> None:
    tree = {**MINIMAL, "data": {**MINIMAL["data"], "codec": {"kind": "bpe"}}}
    config = load(write(tree), ["training.tokens=5_000", "training.batch_tokens=512", "data.codec.vocab=300"])
    assert (config.training.tokens, config.training.batch_tokens) == (5_000, 512)
    assert config.data.codec.model_dump()["vocab"] == 300


def test_a_file_lies_over_the_one_it_extends(write) -> None:
    write({**MINIMAL, "training": {"tokens": 9_000, "model": {"kind": "llama", "layers": 2}}}, "below.yaml")
    tree = read_tree(write({"extends": "below.yaml", "name": "above", "training": {"model": {"layers": 3}}}))
    assert tree["name"] == "above"
    assert tree["training"] == {"tokens": 9_000, "model": {"kind": "llama", "layers": 3}}


def test_another_kind_replaces_the_component_below() -> None:
    below = {"selector": {"kind": "random", "fraction": 0.1}}
    above = {"selector": {"kind": "top_fraction", "by": "x"}}
    assert merge(below, above) == above


def test_a_wrong_kind_is_named_with_its_path_and_the_known_kinds(write) -> None:
    steps = {"pick": {"kind": "select", "selector": {"kind": "top_fracton"}}}
    text = mistake(write, data={**MINIMAL["data"], "steps": steps})
    assert (
        "data.steps.pick.selector.kind: no selector named 'top_fracton'; did you mean 'top_fraction'? known: " in text
    )
    assert "top_fraction" in text


def test_every_mistake_is_a_line(write) -> None:
    text = mistake(write, "training.tokns=3", "data.pack.length=0")
    assert "training.tokns: no such key; did you mean 'tokens'?" in text
    assert "data.pack.length:" in text


@pytest.mark.parametrize("override", ["training.tokens", "=3"])
def test_an_override_without_a_value_is_explained(write, override: str) -> None:
    assert "path=value" in mistake(write, override)


def test_an_override_through_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="'name', which is no section; set 'name' whole"):
        set_path({"name": "x"}, "name.first", 1)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ValueError, match=r"no config file 'nowhere\.yaml'"):
        load("nowhere.yaml")


def test_an_override_that_is_no_yaml_shows_how_to_quote_it(tmp_path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("name: mine")
    with pytest.raises(ValueError, match=re.escape("""quotes of its own: 'data.codec.model.model="@m1"'""")):
        load(str(file), ["data.codec.model.model=@m1"])


def test_yaml_that_would_run_code_is_refused(tmp_path) -> None:
    file = tmp_path / "evil.yaml"
    file.write_text("name: !!python/object/apply:os.system ['true']")
    with pytest.raises(ValueError, match="is no YAML"):
        load(str(file))


@pytest.mark.parametrize(
    "name", ["team/run1", "../../x", "..", ".hidden", "-dash", "", " ", "a b ", "nul\0", "x" * 101, "a\nb", "~"]
)
def test_a_name_that_is_no_folder_is_refused(write, name: str) -> None:
    assert "cannot name the folder of the run's report" in mistake(write, name=name)


@pytest.mark.parametrize("name", ["mine", "run-1.5_b+c", "中文", "_x"])
def test_a_name_may_be_any_word(write, name: str) -> None:
    assert load(write({**MINIMAL, "name": name})).name == name


def test_a_key_that_is_there_twice_is_refused_in_the_file_below_too(tmp_path: Path, write) -> None:
    (tmp_path / "below.yaml").write_text("training:\n  tokens: 1\n  tokens: 2\n")
    with pytest.raises(ValueError, match=r"below\.yaml': the key 'tokens' is there twice, in lines 2 and 3"):
        load(write({**MINIMAL, "extends": "below.yaml"}))


def test_extends_that_circles_is_refused(tmp_path: Path, write) -> None:
    write({**MINIMAL, "extends": "b.yaml"}, "a.yaml")
    write({"extends": "a.yaml"}, "b.yaml")
    with pytest.raises(ValueError, match=r"`extends` leads in a circle: .*a\.yaml' -> .*b\.yaml' -> .*a\.yaml'"):
        load(str(tmp_path / "a.yaml"))
    with pytest.raises(ValueError, match="circle"):
        load(write({**MINIMAL, "extends": "run.yaml"}))


@pytest.mark.parametrize(
    ("below", "words"),
    [
        (7, "`extends` of .* is 7; write the path"),
        ("", "`extends` of .* is ''; write the path"),
        (["a.yaml"], "write the path of a YAML file"),
        ("nothing.yaml", r"no config file '.*nothing\.yaml'"),
        (".", "is a folder"),
    ],
)
def test_extends_that_leads_nowhere_is_refused(write, below: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(write({**MINIMAL, "extends": below}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_config_may_be_in_any_encoding_that_says_which_it_is(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(yaml.safe_dump({**MINIMAL, "name": "ünï"}, allow_unicode=True).encode(encoding))
    assert load(str(file)).name == "ünï"


@pytest.mark.parametrize("content", ["ü: 1".encode("latin-1"), b"\x00\x01", b"a: b: c", b"", b"- a", b"text"])
def test_a_file_that_holds_no_config_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"run\.yaml' (is no YAML in UTF-8|has to hold sections)") as caught:
        load(str(file))
    assert "\n" not in str(caught.value)


def test_numbers_may_be_written_with_an_exponent(write) -> None:
    config = load(write(MINIMAL), ["training.tokens=5e6", "training.learning_rate=3e-4"])
    assert (config.training.tokens, config.training.learning_rate) == (5_000_000, 3e-4)


def test_words_are_words_and_what_is_none_says_how_to_write_it(write) -> None:
    assert load(write(MINIMAL), ["name=no"]).name == "no"
    assert load(write(MINIMAL), ["name=2026-11-26"]).name == "2026-11-26"
    assert "name: is the number 123, and has to be a text; put it in quotes" in mistake(write, "name=0123")
    assert "name: is true, and has to be a text; put it in quotes" in mistake(write, "name=true")


def test_a_resolved_config_holds_no_secrets_of_urls(write) -> None:
    tree = {**MINIMAL, "store": "s3://key:s3cret@bucket/store"}
    paths = '["https://u:s3cret@host/a.jsonl?sig=s3cret", "what?.jsonl"]'
    text = dump(load(write(tree), [f"data.source={{kind: jsonl, path: {paths}}}"]))
    assert "s3cret" not in text
    assert yaml.safe_load(text)["data"]["source"]["path"] == [
        "https://host/a.jsonl",
        str(Path("what?.jsonl").resolve()),
    ]
    assert yaml.safe_load(text)["store"] == "s3://bucket/store"


def test_an_override_that_the_shell_has_cut_is_told_to_be_quoted(write) -> None:
    assert "put all of it in quotes, as in 'data.source={kind: ...'" in mistake(write, "data.source={kind:", "text}")
    assert "put quotes around 'data.source.path=my file.txt'" in mistake(write, "data.source.path=my", "file.txt")
    assert "files stand first" in mistake(write, "data.source.path=my", "file.yaml")


def test_a_section_that_is_set_to_null_is_told_with_its_key_and_the_cure(write) -> None:
    text = mistake(write, "evaluation=null", "data.codec=null", "training=null", "models=null")
    assert "evaluation: is null, and has to be a section with held_out; leave the null out, or write" in text
    assert "data.codec: is null, and has to be a codec; leave the null out, or give a kind; known: ac, bpe" in text
    assert "training: is null, and has to be a section; leave the null out for its defaults" in text
    assert "models: is null, and has to be a section of names; leave the null out, or write {} for none" in text


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("training.tokens=5", True), ("a.path=/x/y.yaml", True), ("mine.yaml", False), ("./odd=name.yaml", False)],
)
def test_an_override_is_told_from_a_file(argument: str, expected: bool) -> None:
    assert is_override(argument) == expected
