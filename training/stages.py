"""Stages: a model trained, measured, asked and studied, each at an address that follows from recipe and data."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.build import BuiltData
from pipelines.check import within
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT_BYTES
from pipelines.inference.model_files import model_fingerprint, stored_training
from pipelines.packing.packed import Packed
from pipelines.passes.step_work import columns_of
from pipelines.passes.task import in_task
from pipelines.passes.units import Attempt
from pipelines.store.address import address, ingredients
from pipelines.store.built import built, built_alone
from pipelines.store.encoded import codec_files, open_coder
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store, digest
from training.config import TrainingConfig
from training.contracts import HeldOut
from training.engine import checkpoint
from training.engine.accelerators import set_threads
from training.engine.loop import PLAN
from training.engine.train import TrainingResult, train
from training.held_out.text import held_out_text
from training.measures.bits_per_byte import Evaluation, evaluate
from training.measures.compression import Arm, study
from training.measures.tasks import answers, by_category
from training.networks.export import file_digests, open_trained
from training.recipe import Recipe
from training.results import NATS, Asked, CategoryAnswers, Evaluated, Measured, TaskAnswers, Trained

if TYPE_CHECKING:
    from ray.train import UserCallback


def train_model(config: Recipe, data: BuiltData, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Manifest:
    """The model trained on the packed data; one builder trains, others that want the same address wait for it.

    Its checkpoints, several times the model, are gone when its manifest is in the store.
    """
    target = training_address(config, data.packed.address)
    finished = built_alone(store, target, lambda: _trained(config, data, store, target, callbacks))
    store.remove(f"{target}/run/{checkpoint.FOLDER}")
    return finished


def training_address(config: Recipe, packed: str) -> str:
    """Where the model trained on the packed data at the address `packed` is, or will be."""
    return address("train", _made_of(config), _made_from(config, packed))


def model_files(training: str) -> str:
    """The folder of the exported model inside the store, of the training at this address."""
    return f"{training}/run/model"


def evaluate_model(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> Manifest:
    """Bits per byte of the model on the whole of the held-out text and on each of its genres."""
    target = evaluation_address(config, trained.address)
    work = functools.partial(in_task, config.training.worker, _evaluated, config, data, trained, store, target)
    return built(store, target, work)


def evaluation_address(config: Recipe, trained: str) -> str:
    """Where the evaluation of the model at the address `trained` is, or will be."""
    return address("evaluate", _held_out(config), [trained])


def study_arm(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> Manifest | None:
    """The measures of arXiv 2404.03626 on a sample of the held-out text; None where the config wants no study."""
    target = study_address(config, trained.address)
    if target is None:
        return None
    work = functools.partial(in_task, config.training.worker, _studied, config, data, trained, store, target)
    return built(store, target, work)


def study_address(config: Recipe, trained: str) -> str | None:
    """Where the study of the model at the address `trained` is, or will be; None where the config wants none."""
    return address("study", _studied_on(config), [trained]) if config.evaluation.study else None


def ask_tasks(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> Manifest | None:
    """What the model answers to the held-out halves of the tasks; None where the config has no tasks."""
    target = tasks_address(config, trained.address)
    if target is None:
        return None
    work = functools.partial(in_task, config.training.worker, _asked, config, data, trained, store, target)
    return built(store, target, work)


def tasks_address(config: Recipe, trained: str) -> str | None:
    """Where the answers of the model at the address `trained` are, or will be; None where the config has no tasks."""
    return address("tasks", _tasks(config), [trained]) if config.evaluation.tasks else None


def held_out_sample(config: Recipe, data: BuiltData, store: Store) -> HeldOut:
    """The documents of the training curve: drawn by the hash of their ids, those that begin in `curve_bytes`."""
    whole = held_out_text(config.evaluation.held_out, data, store)
    documents = whole.sample(config.evaluation.curve_bytes, "curve")
    return HeldOut(tuple(documents.tokens), int(documents.text_bytes.sum()))


class DivergedError(Mistake):
    """The training ended without a finite loss, after so many steps and FLOPs."""

    def __init__(self, reason: str, steps: int, flops: float) -> None:
        """`reason` is the whole message, with what to change."""
        super().__init__(reason)
        self.args = (reason, steps, flops)  # so that it can be pickled
        self.steps, self.flops = steps, flops


def _settings(config: Recipe) -> TrainingConfig:
    return config.training.model_copy(update={"seed": config.seed})


def _made_of(config: Recipe) -> dict[str, Any]:
    start = config.training.start
    return {**ingredients(_settings(config)), **({} if start is None else {"start": model_fingerprint(start)})}


def _made_from(config: Recipe, packed: str) -> list[str]:
    """The addresses that a training was made from: of its sequences, and of the training that it goes on from."""
    start = config.training.start
    before = None if start is None else stored_training(start)
    return [packed] if before is None else [packed, before[1]]


def _held_out(config: Recipe) -> dict[str, Any]:
    return {"held_out": ingredients(config.evaluation.held_out)}


def _studied_on(config: Recipe) -> dict[str, Any]:
    return {**_held_out(config), "study": ingredients(config.evaluation.study)}


def _tasks(config: Recipe) -> dict[str, Any]:
    return {"tasks": ingredients(config.evaluation.tasks)}


def _trained(
    config: Recipe, data: BuiltData, store: Store, target: str, callbacks: Sequence["UserCallback"]
) -> Manifest:
    settings = _settings(config)
    packed = Packed.from_manifest(store, data.packed)
    folder = f"{store.url.rstrip('/')}/{target}/run"
    tokenizer = config.data.codec.tokenizer_files(codec_files(data.encoded, store))
    found = train(packed, tokenizer, settings, held_out_sample(config, data, store), folder, callbacks)
    _check_finite(found, settings)
    return Manifest(
        address=target,
        name="train",
        kind="train",
        ingredients=_made_of(config),
        inputs=_made_from(config, data.packed.address),
        rows_in=data.packed.rows,
        bytes_in=data.packed.bytes,
        counts={FLOPS: found.flops},
        details=_results(config, packed, found, Store(folder)).model_dump(),
        files={"model": model_files(target), "metrics": f"{target}/run/metrics.jsonl", "plan": f"{target}/run/{PLAN}"},
    )


def _evaluated(config: Recipe, data: BuiltData, trained: Manifest, store: Store, target: str) -> Manifest:
    set_threads(config.training.threads, local_workers=1)
    documents = held_out_text(config.evaluation.held_out, data, store)
    network = open_trained(trained, Packed.from_manifest(store, data.packed).vocab_size, store)
    objective = config.training.objective
    measured = evaluate(network, objective, documents.tokens, documents.text_bytes, documents.genres)
    rows = documents.rows.select([ID, TEXT_BYTES]).append_column(NATS, pa.array(measured.nats))
    text_bytes = measured.whole.text_bytes
    shard = store.write_table(Attempt.begin(store, target).file("part-00000.parquet"), rows, text_bytes)
    return Manifest(
        address=target,
        name="evaluate",
        kind="evaluate",
        ingredients=_held_out(config),
        inputs=[trained.address],
        shards=[shard],
        columns=columns_of(rows.schema),
        rows_in=measured.whole.documents,
        bytes_in=text_bytes,
        rows=rows.num_rows,
        bytes=text_bytes,
        details=_measures(measured).model_dump(),
    )


def _studied(config: Recipe, data: BuiltData, trained: Manifest, store: Store, target: str) -> Manifest:
    assert config.evaluation.study is not None
    set_threads(config.training.threads, local_workers=1)
    coder = open_coder(data.encoded, store)
    network = open_trained(trained, coder.vocab_size, store)
    flops = config.training.model.forward_flops_per_token()
    packed = Packed.from_manifest(store, data.packed)
    arm = Arm(config.data.codec, coder, packed, network, config.training.objective, flops)
    whole = held_out_text(config.evaluation.held_out, data, store)
    documents = whole.sample(config.evaluation.study.text_bytes, "study")
    measured = study(arm, documents.texts, documents.tokens, config.evaluation.study)
    return Manifest(
        address=target,
        name="study",
        kind="study",
        ingredients=_studied_on(config),
        inputs=[trained.address],
        details=dataclasses.asdict(measured),
    )


def _asked(config: Recipe, data: BuiltData, trained: Manifest, store: Store, target: str) -> Manifest:
    set_threads(config.training.threads, local_workers=1)
    coder = open_coder(data.encoded, store)
    network = open_trained(trained, coder.vocab_size, store)
    tasks = config.evaluation.tasks
    found = {}
    for name, task in tasks.items():
        with within(f"evaluation.tasks.{name}"):
            found[name] = answers(network, config.training.objective, coder, task.items("held_out"))
    categories = by_category((tasks[name].category, each) for name, each in found.items())
    return Manifest(
        address=target,
        name="tasks",
        kind="tasks",
        ingredients=_tasks(config),
        inputs=[trained.address],
        rows_in=sum(each.items + each.left_out for each in found.values()),
        bytes_in=sum(each.text_bytes for each in found.values()),
        details=Asked(
            tasks={
                name: TaskAnswers(category=tasks[name].category, **dataclasses.asdict(each))
                for name, each in found.items()
            },
            categories={name: CategoryAnswers(**dataclasses.asdict(each)) for name, each in categories.items()},
        ).model_dump(),
    )


def _check_finite(trained: TrainingResult, settings: TrainingConfig) -> None:
    if not np.isfinite(trained.final_loss):
        raise DivergedError(
            f"training diverged: the loss became {trained.final_loss} at learning_rate {settings.learning_rate}; lower "
            "training.learning_rate or training.clip",
            trained.steps,
            trained.flops,
        )


def _results(config: Recipe, packed: Packed, found: TrainingResult, run: Store) -> Trained:
    bits = found.held_out_bits_per_byte_curve
    measured = np.flatnonzero(np.isfinite(bits))
    return Trained(
        parameters=found.parameters,
        steps=found.steps,
        tokens=found.tokens,
        final_loss=found.final_loss,
        training_seconds=found.seconds,
        epochs=found.tokens / max(1.0, packed.tokens),
        flops=found.flops_curve.tolist(),
        loss=found.loss_curve.tolist(),
        held_out=ingredients(config.evaluation.held_out),
        held_out_flops=found.flops_curve[measured].tolist(),
        held_out_bits_per_byte=bits[measured].tolist(),
        model_files=file_digests(run),
        plan=digest(run.read(PLAN)),
    )


def _measures(measured: Evaluation) -> Evaluated:
    return Evaluated(
        bits_per_byte=measured.whole.bits_per_byte,
        documents=measured.whole.documents,
        tokens=measured.whole.tokens,
        genres={
            name: Measured(**dataclasses.asdict(totals), bits_per_byte=totals.bits_per_byte)
            for name, totals in measured.genres.items()
        },
    )
