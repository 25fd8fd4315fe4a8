"""Clustering: spherical k-means of vectors, and which centroid each vector is most like.

Spherical: vectors and centroids have length 1, and likeness is their cosine.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray, VectorArray

NONE = -1  # the cluster of a vector of zeros
ROWS_AT_ONCE = 4_096
IN_DOUBT = 1e-4  # products of vectors of length 1 in float32 are wrong by less


@dataclass(frozen=True)
class Clustering:
    """(K, D) `centroids` of length 1, how many of the different points each of the K has, and how many points were one.

    `repeated` counts the points that equal another one before them; they have no part in the centroids.
    """

    centroids: VectorArray
    sizes: list[int]
    repeated: int


def spherical(points: VectorArray, clusters: int, rounds: int, seed: int) -> Clustering:
    """So many centroids of (n, D) vectors of length 1, by k-means from points drawn by the seed.

    The same points in the same order give the same bits: faiss is told to take one thread. Points that are zero are
    left out, and equal points count once, since faiss would put a centroid on each copy. Mistake where fewer different
    points are left than clusters, or where all of them are nearest to one centroid.
    """
    import faiss

    there = points[points.any(axis=1)]
    _, first = np.unique(there, axis=0, return_index=True)
    different = np.ascontiguousarray(there[np.sort(first)])
    if len(different) < clusters:
        raise Mistake(
            f"{clusters} clusters need as many different vectors, the sample of {len(points)} has {len(different)}; "
            "lower `clusters`, or raise `points`"
        )
    faiss.omp_set_num_threads(1)
    means = faiss.Kmeans(
        different.shape[1],
        clusters,
        niter=rounds,
        spherical=True,
        seed=seed % 2**31,
        min_points_per_centroid=1,
        max_points_per_centroid=len(different),
    )
    means.train(different)
    centroids: VectorArray = np.asarray(means.centroids, np.float32).reshape(clusters, -1)
    sizes = np.bincount(nearest(different, centroids)[0], minlength=clusters)
    if clusters > 1 and np.count_nonzero(sizes) == 1:
        raise Mistake(
            f"all {len(different)} different vectors of the sample are nearest to one of {clusters} centroids; set "
            "`clusters` to 1, or take an embedder that tells these texts apart"
        )
    return Clustering(centroids, sizes.tolist(), len(there) - len(different))


def nearest(points: VectorArray, centroids: VectorArray) -> tuple[npt.NDArray[np.int32], FloatArray]:
    """(n,) the number of the centroid that each vector is most like, and their cosine; the lowest of equals.

    Both depend on the vector alone, to the last bit: what the rounding of a product of matrices could decide is
    computed again for each row by itself. A vector of zeros has the number NONE and the cosine 0.
    """
    numbers = np.full(len(points), NONE, np.int32)
    cosines = np.zeros(len(points))
    for start in range(0, len(points), ROWS_AT_ONCE):
        part = points[start : start + ROWS_AT_ONCE]
        numbers[start : start + len(part)], cosines[start : start + len(part)] = _nearest(part, centroids)
    nothing = ~points.any(axis=1)
    numbers[nothing], cosines[nothing] = NONE, 0.0
    return numbers, cosines


def _nearest(points: VectorArray, centroids: VectorArray) -> tuple[npt.NDArray[np.int32], FloatArray]:
    products_NK = points @ centroids.T
    rows, candidates = np.nonzero(products_NK >= products_NK.max(axis=1, keepdims=True) - IN_DOUBT)
    exact = (points[rows].astype(np.float64) * centroids[candidates]).sum(axis=1)
    order = np.lexsort((candidates, -exact, rows))
    best = order[np.unique(rows[order], return_index=True)[1]]
    return candidates[best].astype(np.int32), np.clip(exact[best], -1.0, 1.0)
