"""Stages: a model trained, measured and studied, each at an address that follows from the recipe and its data."""

import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.build import BuiltData
from pipelines.packing.packed import Packed
from pipelines.store.address import address, recipe
from pipelines.store.encoded import codec_files, open_coder
from pipelines.store.lease import lease
from pipelines.store.manifest import Manifest
from pipelines.store.provenance import provenance
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.contracts import HeldOut
from training.engine.train import TrainingResult, train
from training.held_out.text import held_out_text
from training.measures.bits_per_byte import Evaluation, evaluate
from training.measures.compression import Arm, study
from training.networks.export import open_trained
from training.recipe import Recipe

if TYPE_CHECKING:
    from ray.train import UserCallback


def train_model(config: Recipe, data: BuiltData, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Manifest:
    """The model trained on the packed data; one builder trains, others that want the same address wait for it."""
    settings = _settings(config)
    target = training_address(config, data)
    started = time.monotonic()
    with lease(store, target, lambda: store.manifest(target) is not None) as ours:
        if ours:
            trained = _train(config, settings, data, store, target, callbacks)
            _check_finite(trained, settings)
            manifest = Manifest(
                address=target,
                name="train",
                kind="train",
                recipe=recipe(settings),
                inputs=[data.packed.address],
                rows_in=data.packed.rows,
                bytes_in=data.packed.bytes,
                counts={"flops": trained.flops, "tokens": float(trained.tokens), "steps": float(trained.steps)},
                details=_details(config, data, trained),
                files={"model": f"{target}/run/model", "metrics": f"{target}/run/metrics.jsonl"},
                seconds=time.monotonic() - started,
                provenance=provenance(),
            )
            store.commit(manifest)
    finished = store.manifest(target)
    assert finished is not None
    return finished


def training_address(config: Recipe, data: BuiltData) -> str:
    """Where the model trained on the packed data is, or will be."""
    return address("train", recipe(_settings(config)), [data.packed.address])


def evaluate_model(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> Manifest:
    """Bits per byte of the model on the whole of the held-out text and on each of its genres."""
    ingredients = {"held_out": recipe(config.evaluation.held_out)}
    target = address("evaluate", ingredients, [trained.address])
    if (finished := store.manifest(target)) is not None:
        return finished
    started = time.monotonic()
    documents = held_out_text(config.evaluation.held_out, data, store)
    network = open_trained(trained, data.encoded.details["vocab_size"], store)
    measured = evaluate(network, documents.tokens, documents.text_bytes, documents.genres)
    return store.commit(
        Manifest(
            address=target,
            name="evaluate",
            kind="evaluate",
            recipe=ingredients,
            inputs=[trained.address],
            rows_in=measured.whole.documents,
            bytes_in=measured.whole.text_bytes,
            details=_measures(measured),
            seconds=time.monotonic() - started,
            provenance=provenance(),
        )
    )


def study_arm(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> Manifest | None:
    """The measures of arXiv 2404.03626 on a sample of the held-out text; None where the config wants no study."""
    if config.evaluation.study is None:
        return None
    ingredients = {"held_out": recipe(config.evaluation.held_out), "study": recipe(config.evaluation.study)}
    target = address("study", ingredients, [trained.address])
    if (finished := store.manifest(target)) is not None:
        return finished
    started = time.monotonic()
    coder = open_coder(data.encoded, store)
    network = open_trained(trained, coder.vocab_size, store)
    flops = config.training.model.forward_flops_per_token()
    arm = Arm(config.data.codec, coder, Packed.from_manifest(store, data.packed), network, flops)
    whole = held_out_text(config.evaluation.held_out, data, store)
    documents = whole.sample(config.evaluation.study.text_bytes, "study")
    measured = study(arm, documents.texts, documents.tokens, config.evaluation.study)
    return store.commit(
        Manifest(
            address=target,
            name="study",
            kind="study",
            recipe=ingredients,
            inputs=[trained.address],
            details=dataclasses.asdict(measured),
            seconds=time.monotonic() - started,
            provenance=provenance(),
        )
    )


def held_out_sample(config: Recipe, data: BuiltData, store: Store) -> HeldOut:
    """The documents of the training curve: drawn by the hash of their ids, those that begin in `curve_bytes`."""
    whole = held_out_text(config.evaluation.held_out, data, store)
    documents = whole.sample(config.evaluation.curve_bytes, "curve")
    return HeldOut(tuple(documents.tokens), int(documents.text_bytes.sum()))


def _settings(config: Recipe) -> TrainingConfig:
    return config.training.model_copy(update={"seed": config.seed})


def _train(
    config: Recipe,
    settings: TrainingConfig,
    data: BuiltData,
    store: Store,
    target: str,
    callbacks: Sequence["UserCallback"],
) -> TrainingResult:
    packed = Packed.from_manifest(store, data.packed)
    folder = f"{store.url.rstrip('/')}/{target}/run"
    tokenizer = config.data.codec.tokenizer_files(codec_files(data.encoded, store))
    return train(packed, tokenizer, settings, held_out_sample(config, data, store), folder, callbacks)


class DivergedError(ValueError):
    """The training ended without a finite loss, after so many steps and FLOPs."""

    def __init__(self, reason: str, steps: int, flops: float) -> None:
        super().__init__(reason, steps, flops)  # so that it can be pickled
        self.reason, self.steps, self.flops = reason, steps, flops

    def __str__(self) -> str:
        return self.reason


def _check_finite(trained: TrainingResult, settings: TrainingConfig) -> None:
    if not np.isfinite(trained.final_loss):
        raise DivergedError(
            f"training diverged: the loss became {trained.final_loss} at learning_rate {settings.learning_rate}; lower "
            "training.learning_rate or training.clip",
            trained.steps,
            trained.flops,
        )


def _details(config: Recipe, data: BuiltData, trained: TrainingResult) -> dict[str, Any]:
    bits = trained.held_out_bits_per_byte_curve
    measured = np.flatnonzero(np.isfinite(bits))
    return {
        "parameters": trained.parameters,
        "final_loss": trained.final_loss,
        "training_seconds": trained.seconds,
        "epochs": trained.tokens / max(1.0, data.packed.counts["tokens"]),
        "flops": trained.flops_curve.tolist(),
        "loss": trained.loss_curve.tolist(),
        "held_out": recipe(config.evaluation.held_out),
        "held_out_flops": trained.flops_curve[measured].tolist(),
        "held_out_bits_per_byte": bits[measured].tolist(),
    }


def _measures(measured: Evaluation) -> dict[str, Any]:
    return {
        "bits_per_byte": measured.whole.bits_per_byte,
        "documents": measured.whole.documents,
        "tokens": measured.whole.tokens,
        "genres": {
            name: {**dataclasses.asdict(totals), "bits_per_byte": totals.bits_per_byte}
            for name, totals in measured.genres.items()
        },
    }
