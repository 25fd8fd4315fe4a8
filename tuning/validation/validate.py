"""validate: the scores of a run are put to the test on a sample of its candidates, before the corpus is scored.

sampled-<hash>      the candidates that were drawn, then the steps up to the next selection on them
probe-<hash>        what one step on documents of about equal score is good for
retrain-<hash>      what small models come to that are trained on subsets
validation-<hash>   how well the scores tell both, and how alike the proxies of datamodels are
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import ID, TEXT, FloatArray
from pipelines.inference.model_files import model_fingerprint
from pipelines.store.address import address
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store
from training.execution import make_models
from training.needed import NeededDatamodel, needed_models, with_models
from training.references import references
from tuning.validation.agreement import agreement
from tuning.validation.asked import Asked, sample_rows
from tuning.validation.candidates import Candidates, candidates, scores
from tuning.validation.config import AgreementConfig, RetrainConfig, ValidatedRecipe
from tuning.validation.predictions import ceilings, datamodeling_scores, predictions
from tuning.validation.probe import probe
from tuning.validation.results import Agreement, Correlation, Probed, Retrained, Validated
from tuning.validation.retrain import CELL, in_cells, retrain
from tuning.validation.statistics import correlation
from tuning.validation.targets import target_names

NAME = "validation"
VERSION = 1  # raised where the same measurements are summed up otherwise


def validate(config: ValidatedRecipe, store: Store) -> Manifest:
    """The validation, in the store; its models are made first, and what was measured already is not measured again."""
    make_models(config, store)
    whole = with_models(config, store)
    section = whole.validation
    asked = Asked(section, whole.evaluation, whole.seed)
    drawn = candidates(whole.data, section.documents, store, whole.seed)
    found: dict[str, Any] = {"documents": drawn.scored.rows, "targets": target_names(whole.evaluation)}
    measured = []
    if section.probe is not None:
        probed = probe(list(drawn.scores), drawn.scored, section.probe, asked, store)
        found |= {"probe": _probe_correlations(probed.details_as(Probed))}
        measured.append(probed)
    if section.retrain is not None:
        cells = in_cells(drawn.sampled, section, section.retrain.clusters, store, whole.seed)
        retrained = retrain(cells, section.retrain, asked, store)
        found |= _datamodeling(drawn, cells, section.retrain, retrained.details_as(Retrained), store, whole.seed)
        measured.append(retrained)
    if section.agreement is not None:
        found |= {"agreement": dict(_agreements(config, section.agreement, store))}
    made_of = {"version": VERSION, "agreement": _agreement_of(section.agreement)}
    target = address(NAME, made_of, [drawn.scored.address, *(each.address for each in measured)])

    def made() -> Manifest:
        return Manifest(
            address=target,
            name=NAME,
            kind=NAME,
            ingredients=made_of,
            inputs=[drawn.scored.address, *(each.address for each in measured)],
            counts={FLOPS: sum(each.flops for each in measured)},
            details=Validated(**found).model_dump(),
        )

    return built(store, target, made)


def _probe_correlations(probed: Probed) -> dict[str, dict[str, Correlation]]:
    return {
        score: {target: correlation(np.array(means), np.array(each)) for target, each in probed.gains[score].items()}
        for score, means in probed.means.items()
    }


def _datamodeling(
    drawn: Candidates, cells: Manifest, config: RetrainConfig, retrained: Retrained, store: Store, seed: int
) -> dict[str, Any]:
    rows = sample_rows(cells, [TEXT, CELL], store)
    told = predictions(rows, _scores(drawn, rows, store), config, seed)
    return {"retrain": datamodeling_scores(told, retrained), "ceilings": ceilings(retrained)}


def _scores(drawn: Candidates, rows: pa.Table, store: Store) -> dict[str, FloatArray]:
    """Of each score (rows,) its values; not a number where a row was dropped before it had one."""
    scored = sample_rows(drawn.scored, list(drawn.scores), store)
    places = np.searchsorted(rows[ID].to_numpy(), scored[ID].to_numpy())
    found = {}
    for name in drawn.scores:
        found[name] = np.full(rows.num_rows, np.nan)
        found[name][places] = scored[name].to_numpy()
    return found


def _agreements(config: ValidatedRecipe, section: AgreementConfig, store: Store) -> Iterator[tuple[str, Agreement]]:
    """Of each score of a datamodel that the run makes, in its name; one that lies elsewhere has no sample here."""
    needed = needed_models(config, store)
    for name, step in scores(config.data).items():
        for reference in references(step.scorer):
            made = needed[reference.name][reference.copy or 1]
            if isinstance(made, NeededDatamodel):
                yield name, agreement(made, section, store)


def _agreement_of(section: AgreementConfig | None) -> dict[str, Any] | None:
    if section is None:
        return None
    return {"dampings": section.dampings, "models": [model_fingerprint(model) for model in section.models]}
