"""Recipe: data, training and evaluation as one chain of addresses; what a run, a trial and an arm all are."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from pipelines.build import BuiltData, build_data, codec_files, find_data, open_coder
from pipelines.check import check_data
from pipelines.component import Spec
from pipelines.config import DataConfig
from pipelines.contracts import GENRE, ID, TEXT, Source
from pipelines.ingest import read_all
from pipelines.lease import lease
from pipelines.packed import Packed
from pipelines.provenance import provenance
from pipelines.randomness import uniform
from pipelines.recipe import address, recipe
from pipelines.store import Manifest, Store
from training.config import TrainingConfig
from training.contracts import HeldOut
from training.evaluation import Evaluation, evaluate
from training.export import open_trained
from training.references import check_references, references, resolved
from training.study import Arm, StudyConfig, study
from training.train import TrainingResult, train

if TYPE_CHECKING:
    from ray.train import UserCallback


class EvaluationConfig(Spec):
    """What the model is measured on: never part of the training pool. `curve_bytes` of it are read during training.

    With a `study` the tokens themselves are measured too.
    """

    held_out: Source
    curve_bytes: int = Field(default=65_536, gt=0)
    study: StudyConfig | None = None


class ModelRecipe(Spec):
    """A model that the data of a run needs: its own data and training, and a seed that is not the run's."""

    seed: int = Field(default=0, ge=0)
    data: DataConfig
    training: TrainingConfig = TrainingConfig()


class Recipe(Spec):
    """Everything that the result of a run depends on.

    `models` that are needed are trained first, in order; a component of `data` refers to one as `model: "@name"`.
    """

    seed: int = Field(default=0, ge=0)
    models: dict[str, ModelRecipe] = {}
    data: DataConfig
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig

    @model_validator(mode="after")
    def _has_one_seed(self) -> Self:
        if self.training.seed not in (0, self.seed):
            raise ValueError(f"training.seed {self.training.seed} is not the run's; set `seed`, training takes it over")
        return self

    @model_validator(mode="after")
    def _knows_its_models(self) -> Self:
        before: list[str] = []
        for name, each in self.models.items():
            check_references(f"models.{name}", each.data, before)
            before.append(name)
        check_references("data", self.data, before)
        return self

    @property
    def needed_models(self) -> list[str]:
        """Those of `models` that `data` refers to, or another that is needed, in their order."""
        needed = set(references(self.data.model_dump()))
        for name in reversed(self.models):
            if name in needed:
                needed |= set(references(self.models[name].data.model_dump()))
        return [name for name in self.models if name in needed]

    def check(self) -> None:
        """Raises ValueError with the cure for what can be known to be wrong before any work starts."""
        for each in self.models.values():
            check_data(each.data)
            each.training.batch_sequences(each.data.pack.length)
        check_data(self.data)
        self.evaluation.held_out.check()
        self.training.batch_sequences(self.data.pack.length)


@dataclass(frozen=True)
class Finished:
    """The manifests of a finished recipe; all of them are in the store. `models` are those that its data needed."""

    data: BuiltData
    training: Manifest
    evaluation: Manifest
    models: dict[str, Manifest] = field(default_factory=dict)
    study: Manifest | None = None

    @property
    def bits_per_byte(self) -> float:
        """The headline: bits per byte of the whole held-out text."""
        return float(self.evaluation.details["bits_per_byte"])


def execute(config: Recipe, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Finished:
    """The recipe's data, model and measurement are in the store; what was there already is not computed again."""
    models = train_models(config, store)
    config = with_models(config, models, store)
    data = build_data(config.data, store, config.seed)
    trained = train_model(config, data, store, callbacks)
    evaluated = evaluate_model(config, data, trained, store)
    return Finished(data, trained, evaluated, models, study_arm(config, data, trained, store))


def train_models(config: Recipe, store: Store) -> dict[str, Manifest]:
    """The models that the recipe needs, trained in order, by name."""
    trained: dict[str, Manifest] = {}
    for name in config.needed_models:
        one = model_recipe(config, name, trained, store)
        trained[name] = train_model(one, build_data(one.data, store, one.seed), store)
    return trained


def find_models(config: Recipe, store: Store) -> dict[str, Manifest]:
    """The models that the recipe needs, up to the first that is not in the store; nothing is trained."""
    found: dict[str, Manifest] = {}
    for name in config.needed_models:
        one = model_recipe(config, name, found, store)
        data = find_data(one.data, store, one.seed)
        trained = None if data is None else store.manifest(training_address(one, data))
        if trained is None:
            break
        found[name] = trained
    return found


def model_recipe(config: Recipe, name: str, trained: Mapping[str, Manifest], store: Store) -> Recipe:
    """The recipe of one of the section `models`, those before it being trained."""
    settings = config.models[name].model_dump() | {"evaluation": config.evaluation, "models": config.models}
    return with_models(Recipe.model_validate(settings), trained, store)


def with_models(config: Recipe, trained: Mapping[str, Manifest], store: Store) -> Recipe:
    """The recipe with the folders, or URLs, of its trained models where it refers to them."""
    folders = {name: f"{store.url.rstrip('/')}/{manifest.files['model']}" for name, manifest in trained.items()}
    return config.model_copy(update={"models": {}, "data": resolved(config.data, folders)})


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
    documents = read_all(config.evaluation.held_out)
    genres = documents[GENRE].to_pylist()
    coder = open_coder(data.encoded, store)
    network = open_trained(trained, coder.vocab_size, store)
    measured = evaluate(network, coder, documents[TEXT].to_pylist(), genres)
    return store.commit(
        Manifest(
            address=target,
            name="evaluate",
            kind="evaluate",
            recipe=ingredients,
            inputs=[trained.address],
            rows_in=documents.num_rows,
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
    measured = study(arm, held_out_texts(config, "study"), config.evaluation.study)
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


def held_out_texts(config: Recipe, purpose: str) -> list[str]:
    """The texts of all held-out documents, shuffled by the hash of their ids and the purpose."""
    documents = read_all(config.evaluation.held_out)
    order = np.argsort(uniform(documents[ID].combine_chunks(), 0, purpose), kind="stable")
    texts: list[str] = documents[TEXT].take(pa.array(order)).to_pylist()
    return texts


def held_out_sample(config: Recipe, data: BuiltData, store: Store) -> HeldOut:
    """The documents of the training curve: drawn by the hash of their ids, about `curve_bytes` of text."""
    texts = held_out_texts(config, "curve")
    sizes = np.cumsum([len(text.encode()) for text in texts])
    count = max(1, int(np.searchsorted(sizes, config.evaluation.curve_bytes, side="right")))
    coder = open_coder(data.encoded, store)
    return HeldOut(tuple(coder.encode(texts[:count])), int(sizes[count - 1]))


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
