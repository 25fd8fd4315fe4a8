"""Unit vectors of hashed words: the compiled product is that with the sparse matrix, and both are the definition's."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.scorers.ngrams.vectors import Linear, unit_vectors
from pipelines.texts.buckets import bucket_places
from pipelines.texts.hashing import hash_pieces

TEXTS = pa.array(["", "a", "a a a", "the cat and the cat and the dog.", " \n", "日本語", "x y " * 700] * 300)


@pytest.mark.parametrize("buckets", [2, 7, 65_536])
def test_rows_have_length_1_and_hold_the_counts(buckets: int) -> None:
    vectors = unit_vectors(TEXTS, buckets).toarray()
    assert vectors.shape == (len(TEXTS), buckets)
    for text, vector in zip(TEXTS.to_pylist()[:7], vectors, strict=False):
        places, _ = bucket_places(*hash_pieces(pa.array([text])), buckets)
        counts = np.bincount(places, minlength=buckets)
        np.testing.assert_allclose(vector, counts / max(np.linalg.norm(counts), 1))


@pytest.mark.parametrize("buckets", [2, 7, 65_536])
def test_values_are_those_of_the_matrix(buckets: int) -> None:
    weights = np.random.default_rng(0).normal(size=buckets)
    values, has_words = Linear(weights, 0.25).values(TEXTS)
    np.testing.assert_allclose(values, unit_vectors(TEXTS, buckets) @ weights + 0.25, atol=1e-12)
    np.testing.assert_array_equal(has_words[:7], [False, True, True, True, False, True, True])


def test_there_may_be_no_text() -> None:
    values, has_words = Linear(np.ones(5), 0.0).values(pa.array([], pa.string()))
    assert values.shape == has_words.shape == (0,)
    assert unit_vectors(pa.array([], pa.string()), 5).shape == (0, 5)
