"""Arms: the report's record of each recipe, read from the manifests of its finished runs."""

import io
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from cluster.report.examples import beginnings, kept
from cluster.report.schema import (
    Arm,
    BitsPerByte,
    CategoryAnswers,
    Curve,
    Example,
    Histogram,
    Plan,
    Sample,
    SeedAnswers,
    SeedResult,
    Step,
    Study,
    TaskAnswers,
)
from pipelines.packing.packed import Packed
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training import results
from training.execution import Finished
from training.results import Asked, Evaluated, Trained

ENCODE = "encode"  # the kind of the step whose documents are trained on
HISTOGRAM_ROWS = 5_000_000  # 40 MB a column; the shards beyond are not looked at to draw a picture
HISTOGRAM_BINS = 40
PLAN_POINTS = 80
ANSWERED = {"bits_per_byte", "accuracy", "accuracy_per_byte"}


def arm(name: str, runs: Mapping[int, Finished], store: Store) -> Arm:
    """The arm of these runs, one a seed; the data that the report shows is that of the first seed.

    What was spent on the data holds all stages of the models that it needed; what several share counts once.
    """
    first = next(iter(runs.values()))
    stages = first.data.stages
    training = first.training.details_as(Trained)
    models = itertools.chain.from_iterable(first.models.values())
    each_stage = itertools.chain(stages.values(), *(made.values() for made in models))
    spent = list({stage.address: stage for stage in each_stage}.values())
    data_seconds = sum(each.seconds for each in spent)
    asked = {seed: run.tasks.details_as(Asked) for seed, run in runs.items() if run.tasks}
    training_seconds = float(np.mean([run.training.details_as(Trained).training_seconds for run in runs.values()]))
    return Arm(
        name=name,
        bits_per_byte=BitsPerByte.over([_seed_result(seed, run) for seed, run in runs.items()]),
        parameters=training.parameters,
        training_flops=first.training.flops,
        data_flops=sum(each.flops for each in spent),
        training_seconds=training_seconds,
        data_seconds=data_seconds,
        seconds=data_seconds + training_seconds,
        tokens=training.tokens,
        bytes=first.data.packed.bytes,
        epochs=training.epochs,
        steps=_steps(stages, store),
        curves=[_curve(seed, run) for seed, run in runs.items()],
        scores=_histograms(stages, store),
        samples=[Sample(**sample) for stage in stages.values() for sample in stage.samples],
        plan=_plan(first, store),
        study=_study(first.study) if first.study else None,
        tasks=_tasks(asked),
        categories=_categories(asked),
    )


def _seed_result(seed: int, run: Finished) -> SeedResult:
    genres = {name: measured.bits_per_byte for name, measured in run.evaluation.details_as(Evaluated).genres.items()}
    return SeedResult(seed=seed, value=run.bits_per_byte, by_genre=genres)


def _tasks(asked: Mapping[int, Asked]) -> list[TaskAnswers]:
    first = next(iter(asked.values()), None)
    return [
        TaskAnswers(
            name=name,
            category=task.category,
            items=task.items,
            left_out=task.left_out,
            chance=task.chance,
            seeds=[_seed_answers(seed, each.tasks[name]) for seed, each in asked.items()],
        )
        for name, task in (first.tasks if first else {}).items()
    ]


def _categories(asked: Mapping[int, Asked]) -> list[CategoryAnswers]:
    first = next(iter(asked.values()), None)
    return [
        CategoryAnswers(
            name=name,
            chance=category.chance,
            seeds=[_seed_answers(seed, each.categories[name]) for seed, each in asked.items()],
        )
        for name, category in (first.categories if first else {}).items()
    ]


def _seed_answers(seed: int, found: results.TaskAnswers | results.CategoryAnswers) -> SeedAnswers:
    return SeedAnswers.model_validate({"seed": seed, **found.model_dump(include=ANSWERED)})


def _study(measured: Manifest) -> Study:
    return Study.model_validate({name: measured.details[name] for name in Study.model_fields})


def _steps(stages: Mapping[str, Manifest], store: Store) -> list[Step]:
    by_address = {stage.address: stage for stage in stages.values()}
    return [
        _step(name, stage, [by_address[each] for each in stage.inputs if each in by_address], store)
        for name, stage in stages.items()
    ]


def _step(name: str, stage: Manifest, before: Sequence[Manifest], store: Store) -> Step:
    quarantine = f"unreadable rows are in {store.path(stage.address)}/quarantine"
    is_shown = stage.dropped or stage.kind == ENCODE
    return Step(
        name=name,
        kind=stage.kind,
        address=stage.address,
        inputs=stage.inputs,
        rows_in=stage.rows_in,
        rows=stage.rows,
        bytes_in=stage.bytes_in,
        bytes=stage.bytes,
        dropped=stage.dropped,
        bad=stage.bad,
        counts=stage.counts,
        seconds=stage.seconds,
        flops=stage.flops,
        notes=[quarantine] if stage.bad else [],
        examples=_examples(stage, before, store),
        kept=kept(stage, store) if is_shown else [],
    )


def _examples(stage: Manifest, before: Sequence[Manifest], store: Store) -> list[Example]:
    """The dropped documents that the manifest names, with their beginnings where these are found in what came in."""
    ids = [example["id"] for example in stage.examples]
    texts = beginnings(ids, before[0], store) if ids and before else {}
    return [Example(**example, text=texts.get(example["id"], "")) for example in stage.examples]


def _curve(seed: int, run: Finished) -> Curve:
    trained = run.training.details_as(Trained)
    # A model that was trained beside other held-out text has a curve of that text, which is not to be compared.
    same_text = trained.held_out == run.evaluation.ingredients["held_out"]
    tokens_per_flop = trained.tokens / run.training.flops
    return Curve(
        seed=seed,
        tokens=[flops * tokens_per_flop for flops in trained.flops],
        flops=trained.flops,
        training_loss=trained.loss,
        held_out_flops=trained.held_out_flops if same_text else [],
        held_out_bits_per_byte=trained.held_out_bits_per_byte if same_text else [],
    )


def _histograms(stages: Mapping[str, Manifest], store: Store) -> list[Histogram]:
    """A histogram for each score and each later selection that has its column: all scored documents, and those kept."""
    scores = {name: stage for name, stage in stages.items() if stage.kind == "score"}
    selections = [stage for stage in stages.values() if stage.kind == "select"]
    return [
        _histogram(name, _column(store, scored, name), _column(store, kept, name))
        for name, scored in scores.items()
        for kept in selections
        if name in kept.columns
    ]


def _column(store: Store, manifest: Manifest, name: str) -> np.ndarray:
    parts, rows = [], 0
    for shard in manifest.shards:
        if rows >= HISTOGRAM_ROWS:
            break
        parts.append(store.read_columns(shard, [name])[name].to_numpy())
        rows += shard.rows
    return np.concatenate(parts)


def _histogram(name: str, scored: np.ndarray, kept: np.ndarray) -> Histogram:
    low, high = np.quantile(scored, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, HISTOGRAM_BINS + 1)
    counts, kept_counts = (np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] for values in (scored, kept))
    return Histogram(
        name=name,
        edges=edges.tolist(),
        counts=counts.tolist(),
        kept=np.minimum(kept_counts, counts).tolist(),
    )


def _plan(run: Finished, store: Store) -> Plan | None:
    packed = Packed.from_manifest(store, run.data.packed)
    checksum = run.training.details_as(Trained).plan
    order = np.load(io.BytesIO(store.read_whole(f"{run.training.address}/run/plan.npy", checksum)))
    buckets = packed.buckets()
    if buckets.max(initial=0) == 0:
        return None
    edges = np.linspace(0, len(order), PLAN_POINTS + 1).astype(int)
    drawn = buckets[order]
    pieces = [drawn[start:stop] for start, stop in itertools.pairwise(edges) if stop > start]
    by_difficulty = np.sort(buckets)
    return Plan(
        position=[(number + 0.5) / len(pieces) for number in range(len(pieces))],
        active_share=[
            float(np.searchsorted(by_difficulty, piece.max(), side="right")) / len(buckets) for piece in pieces
        ],
        mean_bucket=[float(piece.mean()) for piece in pieces],
    )
