"""The language of many texts at once: the model of the package py3langid, walked by a compiled loop.

The model is a finite automaton over UTF-8 bytes whose states stand for byte n-grams, and a naive Bayes classifier over
their counts (Lui and Baldwin 2011, "Cross-domain feature selection for language identification", and their langid.py).
The package walks it in Python, byte by byte; its probabilities are the oracle of these.
"""

import math
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipelines.texts.arrays import ByteArray, OffsetArray, bytes_and_offsets, from_bytes, utf8
from pipelines.texts.words import compiled, is_character_start

SAMPLE_BYTES = 384  # from the head and again from the middle
TEXTS_AT_ONCE = 8  # their walks wait for memory at the same time: half the time of one after the other
Weights = npt.NDArray[np.float32]
States = npt.NDArray[np.uint32]
Features = npt.NDArray[np.int32]


@dataclass(frozen=True)
class LanguageModel:
    """The automaton, the classifier and what its columns are called; a language may have several columns."""

    next_state: States  # (rows * 256,) the state after a byte, for each distinct row of transitions
    row_start: States  # (states,) where the transitions of a state begin
    feature: Features  # (states,) the feature that ends in a state, -1 for none
    weights: Weights  # (features, columns)
    prior: Weights  # (columns,)
    languages: npt.NDArray[np.str_]  # (columns,) of each column, ISO 639, in alphabetical order


def load_model() -> LanguageModel:
    """The model that the package brings, 97 MB; takes about a second, mostly decompression."""
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    order = np.argsort(model.nb_classes, kind="stable")
    return LanguageModel(
        next_state=np.asarray(model.tk_nextmove, np.uint32),
        row_start=np.asarray(model.tk_row, np.uint32) << np.uint32(8),
        feature=np.asarray(model.tk_output, np.int32),
        weights=model.nb_ptc[:, order].astype(np.float32, order="C"),
        prior=model.nb_pc[order].astype(np.float32),
        languages=np.array(model.nb_classes)[order],
    )


def probabilities(model: LanguageModel, texts: pa.Array) -> Weights:
    """(n, columns) probabilities of the samples of the texts, each row adding up to 1."""
    readable = as_the_model_reads(sampled(texts))
    return walk(
        *utf8(readable),
        (model.next_state, model.row_start, model.feature),
        (model.weights, model.prior),
    )


def as_the_model_reads(texts: pa.Array) -> pa.Array:
    """The texts in composed form (NFC), those wholly in capitals in small letters: what the model was trained on."""
    other = pc.invert(pc.and_(pc.string_is_ascii(texts), pc.match_substring_regex(texts, "[a-z]")))
    # By Python, since Arrow's notion of a capital differs from the package's.
    small = (text.lower() if text.isupper() else text for text in texts.filter(other).to_pylist())
    composed = [unicodedata.normalize("NFC", text) for text in small]
    return pc.replace_with_mask(texts, other, pa.array(composed, texts.type))


def sampled(texts: pa.Array) -> pa.Array:
    """Each text, or if it is longer than two samples its head and a piece of its middle, parted by a line break."""
    return from_bytes(*cut(*bytes_and_offsets(texts), SAMPLE_BYTES))


@compiled
def cut(data: ByteArray, offsets: OffsetArray, size: int) -> tuple[ByteArray, OffsetArray]:
    """Bytes and offsets of the samples; whole characters, at most `size` bytes from the head and from the middle."""
    pieces = np.empty((len(offsets) - 1, 4), np.int64)
    ends = np.zeros(len(offsets), np.int64)
    for row in range(len(pieces)):
        begin, end = offsets[row], offsets[row + 1]
        pieces[row] = begin, end, end, end
        if end - begin > 2 * size:
            middle = before_character(data, (begin + end) // 2)
            pieces[row] = begin, before_character(data, begin + size), middle, before_character(data, middle + size)
        head, tail = pieces[row, 1] - pieces[row, 0], pieces[row, 3] - pieces[row, 2]
        ends[row + 1] = ends[row] + head + tail + (tail > 0)
    out = np.empty(ends[-1], np.uint8)
    for row in range(len(pieces)):
        first, split, middle, last = pieces[row]
        position = ends[row] + split - first
        out[ends[row] : position] = data[first:split]
        if last > middle:
            out[position] = 10
            out[position + 1 : ends[row + 1]] = data[middle:last]
    return out, ends


@compiled
def before_character(data: ByteArray, position: int) -> int:
    """The nearest position at or before this one at which a character begins."""
    while position > 0 and not is_character_start(data[position]):
        position -= 1
    return position


@compiled
def walk(
    data: ByteArray,
    offsets: OffsetArray,
    automaton: tuple[States, States, Features],
    classifier: tuple[Weights, Weights],
) -> Weights:
    """(n, columns) probabilities: softmax of log(1 + counts) @ weights + prior, flattened by the root of the length.

    `offsets` begin at 0.
    """
    weights, prior = classifier
    features = features_of(data, offsets, automaton)
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    factors = np.log1p(np.arange(longest + 1)).astype(np.float32)
    counts, different = np.zeros(len(weights), np.int32), np.empty(longest, np.int32)
    scores = np.zeros((len(offsets) - 1, len(prior)), np.float32)
    for row in range(len(scores)):
        begin, end = offsets[row], offsets[row + 1]
        found = count_features(features[begin:end], counts, different)
        if found > 0:
            scores[row] = prior
            add_weights(scores[row], weights, counts, different[:found], factors)
        into_probabilities(scores[row], end - begin)
    return scores


@compiled
def features_of(data: ByteArray, offsets: OffsetArray, automaton: tuple[States, States, Features]) -> Features:
    """For every byte the feature that ends with it, -1 for none; the texts are walked TEXTS_AT_ONCE."""
    next_state, row_start, feature = automaton
    features, rows = np.empty(len(data), np.int32), len(offsets) - 1
    for first in range(0, rows, TEXTS_AT_ONCE):
        last, states = min(first + TEXTS_AT_ONCE, rows), np.zeros(TEXTS_AT_ONCE, np.uint32)
        step, walking = 0, True
        while walking:
            walking = False
            for row in range(first, last):
                position = offsets[row] + step
                if position < offsets[row + 1]:
                    state = next_state[row_start[states[row - first]] + data[position]]
                    states[row - first], features[position], walking = state, feature[state], True
            step += 1
    return features


@compiled
def count_features(features: Features, counts: Features, different: Features) -> int:
    """Counts the features of a text and lists the `different` ones; returns how many those are."""
    found = 0
    for feature in features:
        if feature >= 0:
            if counts[feature] == 0:
                different[found] = feature
                found += 1
            counts[feature] += 1
    return found


@compiled
def add_weights(score: Weights, weights: Weights, counts: Features, different: Features, factors: Weights) -> None:
    """Adds to a score the weights of the `different` features, times the factors of their counts, which become 0."""
    for feature in different:
        times, row = factors[counts[feature]], weights[feature]
        counts[feature] = 0
        for column in range(len(score)):
            score[column] += times * row[column]


@compiled
def into_probabilities(score: Weights, length: int) -> None:
    """Replaces the scores of a text of `length` bytes by its probabilities."""
    highest, total = score.max(), 0.0
    for column in range(len(score)):
        score[column] = math.exp((score[column] - highest) / math.sqrt(max(length, 1)))
        total += score[column]
    for column in range(len(score)):
        score[column] /= total
