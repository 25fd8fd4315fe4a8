"""The layout that training and reading share."""

import json
import math

import pytest

from pipelines.codecs.neural.shape import MODEL_TYPE, Shape, distance_buckets


def test_the_paper_has_three_million_weights() -> None:
    assert Shape(layers=3, hidden=256, heads=4, feed_forward=1024, context=1024).weights == pytest.approx(
        3.1e6, rel=0.02
    )


def test_near_distances_have_a_bucket_each_and_far_ones_share_one() -> None:
    buckets = distance_buckets(1000)
    assert buckets[:17].tolist() == list(range(17))
    assert (buckets[128:] == 31).all()
    assert (buckets[100], buckets[127]) == (30, 31)


def test_buckets_between_are_logarithmic() -> None:
    for distance, bucket in enumerate(distance_buckets(127).tolist()):
        if distance >= 16:
            assert bucket == min(31, 16 + math.floor(16 * math.log(distance / 16) / math.log(8) + 1e-12))


def test_another_architecture_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"is a 'llama'.*byte_transformer"):
        Shape.from_config(json.dumps({"model_type": "llama"}).encode())


def test_sizes_that_are_not_there_are_named() -> None:
    with pytest.raises(ValueError, match=r"does not say \['num_attention_heads', .*export the model again"):
        Shape.from_config(json.dumps({"model_type": MODEL_TYPE, "num_hidden_layers": 3, "hidden_size": 64}).encode())
