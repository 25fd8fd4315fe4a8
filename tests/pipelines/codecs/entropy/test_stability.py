"""Stability: codecs whose tokens stand for themselves are stable."""

import numpy as np
import pytest

from pipelines.codecs.entropy.stability import prefix_stability
from pipelines.contracts.codec import Codec
from pipelines.texts.edits import levenshtein

SENTENCE = " a sentence that stands behind all of them, always the same."


def test_bytes_are_stable() -> None:
    stability = prefix_stability(Codec.model_validate("bytes").open({}), ["one", "two", "twelve"], SENTENCE)
    assert (stability.prefixes, stability.mean_distance, stability.mean_length) == (3, 0.0, len(SENTENCE))


def test_compressed_text_is_not() -> None:
    stability = prefix_stability(Codec.model_validate("gzip").open({}), ["one", "two", "twelve"], SENTENCE)
    assert 0 < stability.mean_distance <= stability.mean_length + 8


def test_the_mean_is_over_all_pairs_of_what_follows_the_common_part() -> None:
    coder, prefixes = Codec.model_validate("gzip").open({}), ["The", "It rained", "cat", "The small red"]
    parts = []
    for prefix in prefixes:
        alone, whole = (coder.encode([text])[0].tolist() for text in (prefix, prefix + SENTENCE))
        common = next(n for n in range(len(alone) + 1) if n == len(alone) or alone[n] != whole[n])
        parts.append(whole[common:])
    pairs = [levenshtein(np.array(one), np.array(other)) for place, one in enumerate(parts) for other in parts[:place]]
    stability = prefix_stability(coder, prefixes, SENTENCE)
    assert stability.mean_distance == pytest.approx(sum(pairs) / 6)
    assert stability.mean_length == pytest.approx(sum(map(len, parts)) / 4)


def test_one_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="1 prefixes make no pair"):
        prefix_stability(Codec.model_validate("bytes").open({}), ["one"], SENTENCE)
