"""The examples of docs/contributing.md and of the README, taken out of their pages and run as they stand."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipelines.config import DataConfig
from pipelines.contracts.component import Component, component_in
from pipelines.contracts.filter import Filter
from pipelines.contracts.rows import DROPPED, ID, TEXT, Outcome
from pipelines.contracts.scorer import Scorer
from pipelines.contracts.step import Place, Step
from pipelines.store.address import ingredients
from training.config import TrainingConfig
from training.contracts import Curriculum, Model
from training.randomness import sequence_keys

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/contributing.md")
# A file's name in backticks and a colon, the file, and perhaps the config that uses it.
EXAMPLE = re.compile(
    r"`[\w/]+/(?P<name>\w+)\.py`:\n\n```python\n(?P<code>.*?)```\n(?:\n```yaml\n(?P<config>.*?)```)?", re.DOTALL
)
FAMILIES: dict[str, type[Component]] = {
    "shouting": Filter,
    "unfinished": Filter,
    "common_words": Scorer,
    "redact": Step,
    "neox": Model,
    "anneal": Curriculum,
}


@dataclass(frozen=True)
class Example:
    """One file of a page: its name, which is its kind, its text, and the config that the page shows for it."""

    name: str
    code: str
    config: dict[str, Any]


def examples() -> dict[str, Example]:
    texts = [(REPOSITORY / page).read_text(encoding="utf-8") for page in PAGES]
    found = [each for text in texts for each in EXAMPLE.finditer(text)]
    return {each["name"]: Example(each["name"], each["code"], yaml.safe_load(each["config"] or "{}")) for each in found}


EXAMPLES = examples()


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package outside the project, on the path while the test runs, that holds every example as a module."""
    folder = tmp_path / "acme"
    folder.mkdir()
    for example in EXAMPLES.values():
        (folder / f"{example.name}.py").write_text(example.code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield folder
    for module in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[module]


def data_of(name: str) -> DataConfig:
    """The section `data` that the page shows for the example, over a source that is not read."""
    return DataConfig.model_validate(
        {"source": {"kind": "jsonl", "path": "corpus.jsonl"}, **EXAMPLES[name].config["data"]}
    )


def training_of(name: str) -> TrainingConfig:
    return TrainingConfig.model_validate(EXAMPLES[name].config["training"])


def table(*texts: str) -> pa.Table:
    return pa.table({ID: [f"{number:032x}" for number in range(len(texts))], TEXT: list(texts)})


class Flow(NamedTuple):
    """What a step made of a table: the texts that went on, and the reason of every document that did not."""

    texts: list[str]
    reasons: dict[str, str]
    outcome: Outcome


def through(step: Step, rows: pa.Table) -> Flow:
    """The rows after the step, opened as a worker opens it; every row went on or was dropped, none both."""
    outcome = step.open({}, 0)(rows, Place.in_shard(0, 0, rows.num_rows))
    assert outcome.dropped.schema == DROPPED
    ids = outcome.rows[ID].to_pylist() + outcome.dropped[ID].to_pylist()
    assert sorted(ids) == sorted(rows[ID].to_pylist())
    reasons = dict(zip(outcome.dropped[ID].to_pylist(), outcome.dropped["reason"].to_pylist(), strict=True))
    texts = dict(zip(rows[ID].to_pylist(), rows[TEXT].to_pylist(), strict=True))
    return Flow(outcome.rows[TEXT].to_pylist(), {texts[id_]: reason for id_, reason in reasons.items()}, outcome)


def test_every_whole_file_on_the_pages_is_run_here() -> None:
    whole_files = [
        each for page in PAGES for each in re.findall('```python\n"""', (REPOSITORY / page).read_text("utf-8"))
    ]
    assert set(EXAMPLES) == set(FAMILIES)
    assert len(whole_files) == len(EXAMPLES)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_example_is_a_component_with_defaults_that_survives_a_round_trip(name: str) -> None:
    root = FAMILIES[name]
    component = root.model_validate({"kind": f"acme.{name}"})
    assert type(component) is component_in(f"acme.{name}", root)
    assert type(component).__name__.lower() == name.replace("_", "")
    assert root.model_validate(component.model_dump(mode="json")) == component
    assert hash(component) == hash(root.model_validate({"kind": f"acme.{name}"}))
    assert ingredients(component)["version"] == 1


def test_examples_are_written_as_the_project_is(acme: Path) -> None:
    settings = REPOSITORY / "pyproject.toml"
    for command in (["check", "--no-cache", "--config", settings], ["format", "--check", "--config", settings]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, acme], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", [name for name, root in FAMILIES.items() if root is Filter])
def test_a_filter_documents_its_reasons_and_judges_no_rows(name: str) -> None:
    found = component_in(f"acme.{name}", Filter)
    judge = found().open()
    for string_type in (pa.string(), pa.large_string()):
        nothing = judge(pa.array([], string_type))
        assert (len(nothing), nothing.type) == (0, pa.string())
        texts = pa.array(["", " ", "STOP", "Stop!", "これは日本語の文章です。", "123"], string_type)
        verdicts = judge(texts).to_pylist()
        documented = re.findall(r"`(\w+)`", (found.__doc__ or "").partition("Reasons: ")[2])
        assert {reason for reason in verdicts if reason} == set(documented)
        assert judge(texts[2:5]).to_pylist() == verdicts[2:5]


def test_the_filter_of_the_readme_drops_capital_letters_only() -> None:
    clean = Step.model_validate({"kind": "clean", "filters": [{"kind": "acme.shouting"}]})
    flow = through(clean, table("READ THIS NOW", "Read this now.", "これは日本語の文章です。", "1, 2, 3"))
    assert flow.texts == ["Read this now.", "これは日本語の文章です。", "1, 2, 3"]
    assert flow.reasons == {"READ THIS NOW": "acme.shouting:shouting"}


def test_the_filter_drops_what_breaks_off() -> None:
    clean = data_of("unfinished").steps["clean"]
    flow = through(clean, table("It rained. She said: “Stay!”\n", "It rained and she", "It rained…", ""))
    assert flow.texts == ["It rained. She said: “Stay!”\n"], "the config on the page has three stops, no ellipsis"
    assert set(flow.reasons.values()) == {"acme.unfinished:no_end"}


def test_the_scorer_adds_the_column_by_which_the_next_step_selects() -> None:
    config = data_of("common_words")
    rows = table("The man is in the house.", "Antediluvian crustaceans (extremophile)", "The crustaceans", "")
    scores = through(config.steps["easy"], rows).outcome.rows["easy"].to_pylist()
    assert scores == [1.0, 0.0, 0.5, 0.0]
    assert config.pack.by == config.steps["easy"].model_dump()["column"] == "easy"
    assert set(config.steps["chosen"].columns) <= {ID, TEXT, "easy"}
    assert ingredients(config.steps["easy"])["scorer"]["fingerprint"]["wordfreq"]


def test_the_step_redacts_drops_and_counts() -> None:
    step = data_of("redact").steps["private"]
    flow = through(step, table("Write to ann@example.org or 10.0.0.1.", "No address.", "a@b.de " * 4))
    assert flow.texts == ["Write to [address] or [address].", "No address."]
    assert flow.reasons == {"a@b.de " * 4: "addresses"}
    assert flow.outcome.dropped["detail"].to_pylist() == ["4"]
    assert flow.outcome.counts == {"addresses": 2.0}
    assert through(step, table()[:0].cast(pa.schema([(ID, pa.string()), (TEXT, pa.string())]))).texts == []


def test_the_model_has_the_weights_that_it_says_and_learns_from_a_step() -> None:
    import torch

    spec = training_of("neox").model
    torch.manual_seed(0)
    network = spec.build(50, 8, 0)
    assert sum(weight.numel() for weight in network.parameters()) == spec.parameters(50)
    assert spec.training_flops_per_token(50, 16) > spec.training_flops_per_token(50, 8) > 2 * spec.parameters(0)
    tokens_BT = torch.randint(1, 50, (2, 8), generator=torch.Generator().manual_seed(1))
    before = nats(network, tokens_BT)
    before.backward()
    with torch.no_grad():
        for weight in network.parameters():
            weight -= 1e-3 * weight.grad
    assert nats(network, tokens_BT).item() < before.item()
    assert before.item() == pytest.approx(14 * np.log(50), rel=0.1), "fresh weights know nothing"


def nats(network: Any, tokens_BT: Any) -> Any:
    """The loss of the objective that the page's config trains with, over all tokens that have a context, a scalar."""
    import torch

    keys_B = sequence_keys(0, 1, np.arange(len(tokens_BT)))
    scored_BT = torch.ones_like(tokens_BT, dtype=torch.bool)
    return training_of("neox").objective.predict(network, tokens_BT, scored_BT, keys_B).nats_B().sum()


def test_heads_that_do_not_divide_are_refused_with_a_cure() -> None:
    with pytest.raises(ValueError, match="hidden 100 over 6 heads is no size; give a hidden that they divide"):
        Model.model_validate({"kind": "acme.neox", "hidden": 100, "heads": 6})


def test_the_curriculum_ends_on_the_best_sequences() -> None:
    buckets = np.repeat(np.arange(10, dtype=np.uint8), 10)
    config = training_of("anneal")
    plan = config.curriculum.plan(buckets, 1_000, seed=1)
    assert (plan.shape, plan.dtype) == ((1_000,), np.int64)
    assert np.array_equal(plan, config.curriculum.plan(buckets, 1_000, seed=1))
    assert not np.array_equal(plan, config.curriculum.plan(buckets, 1_000, seed=2))
    assert np.array_equal(np.bincount(plan[:900]), np.full(100, 9)), "nine epochs of everything"
    assert buckets[plan[900:]].max() == 2, "a quarter of a hundred sequences ends in the third bucket"
    assert len(config.curriculum.plan(buckets, 0, seed=1)) == 0
