"""Spherical k-means finds what is there, the same every time, and says so where there is nothing to find."""

import numpy as np
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.corpus.clustering import NONE, nearest, spherical
from pipelines.texts.vectors import to_unit


def blobs(each: int = 50, width: int = 8, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Points about four directions, and which of them each is about."""
    generator = np.random.default_rng(0)
    kinds = np.arange(4 * each) % 4
    return to_unit(np.eye(4, width)[kinds] + noise * generator.normal(size=(4 * each, width))), kinds


def test_four_groups_are_found_and_the_centroids_have_length_one() -> None:
    points, kinds = blobs()
    found = spherical(points, 4, 20, 0)
    assert found.sizes == [50] * 4
    np.testing.assert_allclose(np.linalg.norm(found.centroids, axis=1), 1, atol=1e-5)
    numbers, cosines = nearest(points, found.centroids)
    assert all(len(set(numbers[kinds == kind])) == 1 for kind in range(4))
    assert cosines.min() > 0.9


def test_the_seed_decides() -> None:
    points = to_unit(np.random.default_rng(0).normal(size=(300, 8)))
    first, again, other = (spherical(points, 10, 5, seed).centroids for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_equal_points_count_once_and_zeros_not_at_all() -> None:
    points, _ = blobs(10)
    crowded = np.concatenate([points, np.repeat(points[:1], 500, axis=0), np.zeros((7, 8), np.float32)])
    found = spherical(crowded, 4, 20, 0)
    assert (found.repeated, sum(found.sizes)) == (500, 40)
    np.testing.assert_array_equal(found.centroids, spherical(points, 4, 20, 0).centroids)


def test_as_many_clusters_as_points_is_a_centroid_each() -> None:
    points, _ = blobs(2)
    assert spherical(points, 8, 5, 0).sizes == [1] * 8


@pytest.mark.parametrize(
    ("points", "clusters", "told"),
    [
        (blobs(2)[0], 9, "9 clusters need as many different vectors, the sample of 8 has 8"),
        (np.repeat(blobs(1)[0][:1], 100, axis=0), 2, "the sample of 100 has 1"),
        (np.zeros((50, 4), np.float32), 1, "the sample of 50 has 0"),
        (np.zeros((0, 4), np.float32), 1, "the sample of 0 has 0"),
    ],
)
def test_too_few_different_points_are_told(points: np.ndarray, clusters: int, told: str) -> None:
    with pytest.raises(Mistake, match=told):
        spherical(points, clusters, 5, 0)


def test_points_that_are_all_nearest_to_one_centroid_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    directions = 1 + 1e-7 * np.arange(2)
    points = np.stack([np.ones(2), directions], axis=1).astype(np.float32) / np.float32(2**0.5)
    assert len(np.unique(points, axis=0)) == 2
    with pytest.raises(Mistake, match="are nearest to one of 2 centroids"):
        spherical(points, 2, 5, 0)


def test_the_nearest_centroid_is_that_of_each_row_alone_to_the_last_bit() -> None:
    generator = np.random.default_rng(0)
    points, centroids = (to_unit(generator.normal(size=(rows, 64))) for rows in (5_000, 40))
    centroids[7] = centroids[3]
    numbers, cosines = nearest(points, centroids)
    exact = points.astype(np.float64) @ centroids.astype(np.float64).T
    np.testing.assert_array_equal(numbers, exact.argmax(axis=1))
    np.testing.assert_allclose(cosines, exact.max(axis=1), atol=1e-12)
    assert 7 not in numbers
    for row in range(0, 5_000, 501):
        alone = nearest(points[row : row + 1], centroids)
        assert (alone[0][0], alone[1][0]) == (numbers[row], cosines[row])


def test_a_vector_of_zeros_is_in_no_cluster() -> None:
    numbers, cosines = nearest(np.zeros((2, 3), np.float32), np.eye(3, dtype=np.float32))
    assert (numbers.tolist(), cosines.tolist()) == ([NONE] * 2, [0, 0])
