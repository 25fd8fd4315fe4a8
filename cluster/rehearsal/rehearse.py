"""rehearse: a run's recipe carried out on two small samples, and what the whole run takes told from both."""

import contextlib
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cluster.config import RunConfig
from cluster.jobs.preflight import demands, too_little_room
from cluster.jobs.session import session
from cluster.rehearsal.draw import Drawn, draw, put
from cluster.rehearsal.feeding import fed, workers_at_once
from cluster.rehearsal.reduced import reduced, with_dimensions
from cluster.rehearsal.sampled import Sampled
from cluster.rehearsal.spent import Spent, expected, took
from cluster.report.figures import size
from pipelines.build import build_stages
from pipelines.contracts.durations import duration
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.source import Source
from pipelines.stage import source_address
from pipelines.steps.gradients import SAMPLES_A_DIMENSION
from pipelines.store.address import HASH_DIGITS
from pipelines.store.store import Store
from training.execution import execute
from training.needed import NeededDatamodel, needed_models
from training.plan import Planned, planned
from training.recipe import DatamodelEntry, Recipe

SMALL_SHARE = 0.25  # of the sample of the large rehearsal
SMALL_STEPS, LARGE_STEPS = 2, 8  # of every training

Key = tuple[str, int, str]  # the model, the copy and the name of a stage


def rehearse(config: RunConfig, sample_bytes: float) -> list[Spent]:
    """What each stage of the run takes, in the order of `planned`; of those that the store has what they took.

    About so many bytes of text are drawn of each source. All that is written is gone afterwards. Mistake where this
    machine is too small for the run, or the sample for its recipe.
    """
    store, recipe = Store(config.store), config.recipe
    with _own_folder(store) as aside:
        drawn = {at: _told_draw(source, sample_bytes) for at, source in _sources(recipe).items()}
        less = {at: each.thinned(SMALL_SHARE) for at, each in drawn.items()}
        with session():
            _check_room(config)
            small = _rehearsed(recipe, less, aside, SMALL_STEPS)  # first, so what is compiled once is in no slope
            large = _rehearsed(recipe, drawn, aside, LARGE_STEPS)
            cpus = _cpus()

    def spend(stage: Planned, here: float) -> Spent:
        found = store.manifest(stage.address)
        if found is not None:
            return took(store, found, here)
        return expected(small[_key(stage)], large[_key(stage)], here, workers_at_once(recipe, stage, cpus))

    return fed(recipe, planned(recipe, store), {at: each.input_bytes for at, each in drawn.items()}, spend)


def _rehearsed(recipe: Recipe, drawn: Mapping[str, Drawn], store: Store, steps: int) -> dict[Key, Spent]:
    """What the stages took when the recipe was carried out on what was drawn of each source, by its address."""
    started, text = time.monotonic(), size(sum(each.text_bytes for each in drawn.values()))
    sources = _sources(recipe)
    samples = {at: put(each, sources[at], store, f"sample-{steps}-{at}") for at, each in drawn.items()}
    try:
        small = _with_models(reduced(recipe, samples, steps), store)
        execute(small, store)
    except Mistake as mistake:
        raise Mistake(f"in a rehearsal on {text} of text: {mistake}; more may do, as in --rehearse 10MB") from mistake
    print(f"rehearsed on {text} of text in {duration(time.monotonic() - started)}", flush=True)
    return _spent(small, {source_address(samples[at]): each for at, each in drawn.items()}, store)


def _spent(recipe: Recipe, drawn: Mapping[str, Drawn], store: Store) -> dict[Key, Spent]:
    """What each stage of a finished rehearsal took, the reading of what was drawn among it."""
    stages, cpus = planned(recipe, store), _cpus()

    def spend(stage: Planned, here: float) -> Spent:
        found = store.manifest(stage.address)
        assert found is not None, f"{stage.address} was not made"
        units = len(store.names(f"{stage.address}/units"))
        spent = replace(took(store, found, here), lanes=min(workers_at_once(recipe, stage, cpus), max(1, units)))
        if stage.name != "source":
            return spent
        reading = drawn[stage.address].seconds
        return replace(spent, work_seconds=spent.work_seconds + reading, seconds=spent.seconds + reading)

    inputs = {at: each.share * each.input_bytes for at, each in drawn.items()}
    return {_key(stage): each for stage, each in zip(stages, fed(recipe, stages, inputs, spend), strict=True)}


def _with_models(recipe: Recipe, store: Store) -> Recipe:
    """All models of the recipe are made; each datamodel has the dimensions that it will have in the whole run."""
    for name in recipe.needed_models:
        entry = recipe.models[name]
        if isinstance(entry, DatamodelEntry) and entry.datamodel.features.dimensions is None:
            recipe = with_dimensions(recipe, name, _documents(recipe, name, store) // SAMPLES_A_DIMENSION)
        for each in needed_models(recipe, store)[name].values():
            each.make(store)
    return recipe


def _documents(recipe: Recipe, name: str, store: Store) -> int:
    """How many documents the datamodel of this name will be made of in the whole run."""
    needed, source = needed_models(recipe, store)[name][1], recipe.models[name].data.source
    assert isinstance(needed, NeededDatamodel)
    assert isinstance(source, Sampled)
    ((_, sample),) = deque(build_stages(needed.data, store, needed.seed), 1)
    return round(sample.rows / source.share)


def _sources(recipe: Recipe) -> dict[str, Source]:
    """The sources of all corpora, each once, by its address."""
    corpora = [*(recipe.models[name].data for name in recipe.needed_models), recipe.data]
    return {source_address(corpus.source): corpus.source for corpus in corpora}


def _told_draw(source: Source, sample_bytes: float) -> Drawn:
    drawn = draw(source, sample_bytes)
    print(f"drew {size(drawn.text_bytes)} of text, {drawn.share:.2%} of source '{source.kind}'", flush=True)
    return drawn


@contextlib.contextmanager
def _own_folder(store: Store) -> Iterator[Store]:
    """A store of its own inside the store, where all workers find it; gone afterwards.

    Its name is like an address, so `gleaner clean` finds what a killed process left.
    """
    name = f"rehearsal-{uuid.uuid4().hex[:HASH_DIGITS]}"
    try:
        yield Store(f"{store.url.rstrip('/')}/{name}")
    finally:
        store.remove(name)


def _check_room(config: RunConfig) -> None:
    if problems := too_little_room(demands(config)):
        raise Mistake("\n".join(problems))


def _cpus() -> float:
    import ray

    return float(ray.cluster_resources().get("CPU", 1.0))


def _key(stage: Planned) -> Key:
    return stage.model, stage.copy, stage.name
