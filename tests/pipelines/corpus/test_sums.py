import numpy as np
import pyarrow as pa

from pipelines.corpus.sums import BIN, sums_by_bin


def test_the_sums_of_all_blocks_are_in_their_bins(ray_session) -> None:
    import ray.data

    generator = np.random.default_rng(0)
    bins, counts = generator.integers(0, 90, 500), generator.integers(0, 9, 500)
    parts = ray.data.from_arrow(pa.table({BIN: bins, "count": counts, "mass": counts / 2})).repartition(5)
    count, mass = sums_by_bin(parts, 100, ["count", "mass"])
    assert count.tolist() == np.bincount(bins, counts, 100).tolist()
    assert mass.tolist() == (count / 2).tolist()
