"""What each stage of a run is fed, by what the stages before it give."""

from pathlib import Path

from cluster.config import validate
from cluster.rehearsal.feeding import fed, workers_at_once
from cluster.rehearsal.spent import Spent
from pipelines.stage import source_address
from pipelines.store.store import Store
from training.plan import Planned, planned
from training.recipe import Recipe


def recipe_in(folder: Path) -> Recipe:
    (folder / "corpus.jsonl").write_text('{"text": "a text"}\n', encoding="utf-8")
    source = {"kind": "jsonl", "path": str(folder / "corpus.jsonl")}
    corpus = {"source": source, "codec": "bytes", "pack": {"length": 128}}
    scorer = {"kind": "proxy_loss", "model": "@proxy", "workers": 3}
    tree = {
        "name": "fed",
        "models": {"proxy": {"data": corpus, "training": {"tokens": 10_000, "batch_tokens": 4096}}},
        "data": {**corpus, "steps": {"known": {"kind": "score", "scorer": scorer}}},
        "training": {"text_bytes": 300, "batch_tokens": 256},
        "evaluation": {"held_out": source},
    }
    return validate(tree, "test").recipe


def half(stage: Planned, here: float) -> Spent:
    """A source gives ten times its bytes, all else half of its text, two tokens of a byte."""
    text = 10 * here if stage.name == "source" else here / 2
    return Spent(fed=here, text_bytes=text, tokens=2 * text)


def test_a_training_is_fed_tokens_and_all_else_what_was_left(tmp_path: Path) -> None:
    recipe = recipe_in(tmp_path)
    stages = planned(recipe, Store(str(tmp_path / "store")))
    found = fed(recipe, stages, {source_address(recipe.data.source): 1_000.0}, half)
    by_name = {(stage.model, stage.name): spent.fed for stage, spent in zip(stages, found, strict=True)}
    assert by_name == {
        ("proxy", "source"): 1_000,
        ("proxy", "encode"): 10_000,
        ("proxy", "pack"): 5_000,
        ("proxy", "train"): 3 * 4096,
        ("", "source"): 1_000,
        ("", "known"): 10_000,
        ("", "encode"): 5_000,
        ("", "pack"): 2_500,
        ("", "train"): 3 * 256,  # 300 bytes of text are 600 tokens, in whole batches
        ("", "held_out"): 1,
        ("", "evaluate"): 1,
    }


def test_a_pool_has_its_workers_and_tasks_have_the_cpus(tmp_path: Path) -> None:
    recipe = recipe_in(tmp_path)
    stages = {(stage.model, stage.name): stage for stage in planned(recipe, Store(str(tmp_path / "store")))}
    wanted = [stages[key] for key in (("", "known"), ("", "encode"), ("proxy", "source"), ("", "train"))]
    assert [workers_at_once(recipe, stage, 16.0) for stage in wanted] == [3, 16, 16, 1]
