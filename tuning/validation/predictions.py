"""Predictions: what a score says of a subset, and the linear datamodeling scores that follow."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import ID, TEXT, FloatArray
from pipelines.texts.arrays import one_array
from tuning.validation.config import RetrainConfig
from tuning.validation.results import Correlation, Retrained
from tuning.validation.retrain import CELL
from tuning.validation.statistics import ceiling, correlation
from tuning.validation.subsets import subsets

Scores = Mapping[str, FloatArray]  # by the name of the score, a value a row


def predictions(rows: pa.Table, scores: Scores, config: RetrainConfig, seed: int) -> dict[str, dict[str, FloatArray]]:
    """By the sort of subset and the score, (subsets,) means of the score over a subset's text, each byte alike.

    `rows` are the sample with ID, TEXT and CELL, in the order of the scores. A row without a score, which a step has
    dropped, is left out.
    """
    ids, cells = one_array(rows[ID]), rows[CELL].to_numpy()
    sizes = pc.binary_length(rows[TEXT]).to_numpy().astype(np.float64)
    found: dict[str, dict[str, list[float]]] = {}
    for subset in subsets(config):
        members = subset.members(ids, cells, config, seed)
        for name, values in scores.items():
            counted = members & ~np.isnan(values)
            mean = float(np.average(values[counted], weights=sizes[counted])) if sizes[counted].any() else 0.0
            found.setdefault(subset.sort, {}).setdefault(name, []).append(mean)
    return {sort: {name: np.array(means) for name, means in of.items()} for sort, of in found.items()}


def datamodeling_scores(
    told: Mapping[str, Mapping[str, FloatArray]], retrained: Retrained
) -> dict[str, dict[str, dict[str, Correlation]]]:
    """By the sort of subset, the score and the target: how well the means tell what training on the subset gave."""
    return {
        sort: {
            score: {target: correlation(means, -_outcomes(bits).mean(axis=1)) for target, bits in of_target.items()}
            for score, means in told[sort].items()
        }
        for sort, of_target in retrained.bits_per_byte.items()
    }


def ceilings(retrained: Retrained) -> dict[str, dict[str, Correlation]]:
    """By the sort of subset and the target: how high a linear datamodeling score can be."""
    return {
        sort: {target: ceiling(_outcomes(bits)) for target, bits in of_target.items()}
        for sort, of_target in retrained.bits_per_byte.items()
    }


def _outcomes(bits: list[list[float]]) -> FloatArray:
    found: FloatArray = np.array(bits)  # (subsets, seeds)
    return found
