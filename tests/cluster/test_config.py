import re
from pathlib import Path

import pytest
import yaml

from cluster.config import dump, is_override, load, read_tree
from cluster.layers import merge
from training.recipe import set_path

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
        file.write_text(yaml.safe_dump(tree))
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


def test_a_key_that_is_there_twice_is_refused_in_a_base_file_too(tmp_path) -> None:
    (tmp_path / "below.yaml").write_text("name: a\ndata:\n  steps:\n    one: {}\n    two: {}\n    one: {}\n")
    (tmp_path / "above.yaml").write_text("extends: below.yaml\n")
    with pytest.raises(ValueError, match=r"below\.yaml' has the key 'one' twice, in lines 4 and 6; keep one of them"):
        read_tree(str(tmp_path / "above.yaml"))
    (tmp_path / "plain.yaml").write_text("name: a\n")
    with pytest.raises(ValueError, match=r"override 'training=\{a: 1, a: 2\}' has the key 'a' twice"):
        read_tree(str(tmp_path / "plain.yaml"), ["training={a: 1, a: 2}"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; a config holds sections"),
        (b"# nothing\n", "is empty; a config holds sections"),
        (b"- name\n- data\n", "holds a list; a config holds sections"),
        (b"just words\n", "holds a text; a config holds sections"),
        ("name: caf\u00e9".encode("latin-1"), "is no UTF-8 text; save it as UTF-8"),
        ("name: x".encode("utf-16"), "is no UTF-8 text; save it as UTF-8"),
        (b"name: a\0b", "is no YAML: "),
        (b"name: [a", "is no YAML: line 1, "),
        (b"a: &a [*a]", "is no YAML: line 1, "),
        (b"[" * 9999, "is nested too deep"),
    ],
)
def test_a_file_that_holds_no_config_is_a_sentence_with_its_path(tmp_path, content: bytes, sentence: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"config file '{file}' {sentence}")) as caught:
        load(str(file))
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_a_config(tmp_path) -> None:
    file = tmp_path / "marked.yaml"
    file.write_bytes("name: caf\u00e9".encode("utf-8-sig"))
    assert read_tree(str(file)) == {"name": "caf\u00e9"}


def test_a_folder_is_no_config(tmp_path) -> None:
    with pytest.raises(ValueError, match="is a folder; give the path of a YAML file"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("below", "sentence"),
    [
        ("", "extends '', and has to name a YAML file"),
        (None, "extends null, and has to name a YAML file"),
        (["a.yaml"], "extends [a.yaml], and has to name a YAML file"),
        (7, "extends 7, and has to name a YAML file"),
        ("gone.yaml", "extends 'gone.yaml', and there is no file "),
        (".", "is a folder; give the path of a YAML file"),
        ("a\0b", "extends "),
        ("above.yaml", "above.yaml extends itself"),
        ("round.yaml", "above.yaml > round.yaml > above.yaml extends itself"),
    ],
)
def test_what_cannot_be_extended_is_a_sentence_with_both_files(write, tmp_path, below: object, sentence: str) -> None:
    write({"extends": "above.yaml"}, "round.yaml")
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        read_tree(write({"extends": below, "name": "x"}, "above.yaml"))
    assert "\n" not in str(caught.value)


def test_numbers_are_read_as_people_write_them(write) -> None:
    given = ["training.tokens=5e6", "training.learning_rate=3e-4", "training.batch_tokens=5_120", "seed=0123"]
    config = load(write(MINIMAL), given)
    assert (config.training.tokens, config.training.learning_rate) == (5_000_000, 3e-4)
    assert (config.training.batch_tokens, config.seed) == (5_120, 123)


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
    assert yaml.safe_load(text)["data"]["source"]["path"] == ["https://host/a.jsonl", "what?.jsonl"]
    assert yaml.safe_load(text)["store"] == "s3://bucket/store"


@pytest.mark.parametrize("name", ["team/run1", "../../x", "..", "a\\0b", " x", ".x", "-x", ""])
def test_a_name_that_cannot_be_a_folders_is_a_mistake_of_the_config(write, name: str) -> None:
    assert "name: '" in (text := mistake(write, f"name={name!r}" if "\\0" not in name else 'name="a\\0b"'))
    assert "cannot name a run" in text


def test_an_override_that_the_shell_has_cut_is_told_to_be_quoted(write) -> None:
    assert "put all of it in quotes" in mistake(write, "training.curriculum={kind:", "easy_first}")
    assert "put quotes around 'data.source.path=my file.txt'" in mistake(write, "data.source.path=my", "file.txt")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("training.tokens=5", True), ("a.path=/x/y.yaml", True), ("mine.yaml", False), ("./odd=name.yaml", False)],
)
def test_an_override_is_told_from_a_file(argument: str, expected: bool) -> None:
    assert is_override(argument) == expected
