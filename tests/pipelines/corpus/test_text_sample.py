"""The sample of text that codecs and byte models learn from."""

import pyarrow as pa
import pytest

from pipelines.corpus.text_sample import text_sample
from pipelines.sources.reading.documents import identify

ROWS = identify(pa.table({"text": [f"Document number {n} is about this long." for n in range(400)]}), "x")
pytestmark = pytest.mark.usefixtures("ray_session")


def test_it_has_about_the_size_asked_for_and_follows_seed_and_purpose() -> None:
    import ray.data

    rows = ray.data.from_arrow(ROWS)
    one, two, other = (text_sample(rows, 8_000, *draw) for draw in ((1, "a"), (2, "a"), (1, "b")))
    assert 5_000 < sum(len(text.encode()) for text in one) < 11_000
    assert one != two
    assert one != other
    assert len(text_sample(rows, 10**9, 1, "a")) == 400


def test_order_and_blocks_change_nothing() -> None:
    import ray.data

    turned = ROWS.take(list(range(399, -1, -1)))
    one = text_sample(ray.data.from_arrow(ROWS), 8_000, 1, "a")
    assert text_sample(ray.data.from_arrow(turned).repartition(5), 8_000, 1, "a") == one


def test_of_few_large_documents_there_is_one_at_least() -> None:
    import ray.data

    rows = identify(pa.table({"text": [letter * 10_000 for letter in "abcd"] + [""]}), "x")
    for seed in range(5):
        (text,) = text_sample(ray.data.from_arrow(rows).repartition(2), 10, seed, "a")
        assert len(text) == 10_000
