"""Candidates: a sample of the documents that a run chooses from, and the scores that the run gives them."""

from dataclasses import dataclass

from pipelines.build import build_stages
from pipelines.config import CorpusConfig, DataConfig
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.step import Step
from pipelines.selectors.random import Random
from pipelines.stage import apply_step
from pipelines.steps.score import Score
from pipelines.steps.select import Select
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

SAMPLED = "sampled"


@dataclass(frozen=True)
class Candidates:
    """The sample before it was scored, so that what is trained on it is known by its text alone, and with the scores.

    `scores` are the steps that gave them, by the name of their column.
    """

    sampled: Manifest
    scored: Manifest
    scores: dict[str, Score]


def candidates(data: DataConfig, documents: int, store: Store, seed: int) -> Candidates:
    """The sample, in the store: of the documents that come to the first step `score`, about so many.

    The steps from there to the next `select` are done on the sample alone, so a scorer that looks at the corpus first
    looks at the sample.
    """
    before, behind = _parts(data)
    *_, (_, pool) = build_stages(_corpus(data, before), store, seed)
    drawn = Select(selector=Random(fraction=min(1.0, documents / pool.rows)))
    latest = sampled = apply_step(SAMPLED, drawn, pool, store, data.seed_of(seed))
    for name, step in behind.items():
        latest = apply_step(name, step, latest, store, data.seed_of(seed))
    return Candidates(sampled, latest, scores(data))


def scores(data: DataConfig) -> dict[str, Score]:
    """The steps whose scores are validated, by their columns: those in front of the first `select` behind a score.

    Mistake where there is none.
    """
    found = {step.column: step for step in _parts(data)[1].values() if isinstance(step, Score)}
    if not found:
        raise Mistake("the scores of a run are validated, and data.steps has no step of kind `score`; add one")
    return found


def _parts(data: DataConfig) -> tuple[dict[str, Step], dict[str, Step]]:
    """The steps in front of the first score, and those from there to the next selection."""
    steps = list(data.steps.items())
    first = next((place for place, (_, step) in enumerate(steps) if isinstance(step, Score)), len(steps))
    end = next((place for place in range(first, len(steps)) if isinstance(steps[place][1], Select)), len(steps))
    return dict(steps[:first]), dict(steps[first:end])


def _corpus(data: DataConfig, steps: dict[str, Step]) -> CorpusConfig:
    return CorpusConfig(source=data.source, steps=steps, max_bad_share=data.max_bad_share, seed=data.seed)
