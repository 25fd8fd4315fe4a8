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
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipelines.texts.arrays import ByteArray, OffsetArray, bytes_and_offsets
from pipelines.texts.words import compiled, is_character_start

SAMPLE_BYTES = 384  # from the head and again from the middle
Weights = npt.NDArray[np.float32]
States = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class LanguageModel:
    """The automaton, the classifier and what its columns are called; a language may have several columns."""

    next_state: States  # (rows * 256,) the state after a byte, for each distinct row of transitions
    row_start: Rows  # (states,) where the transitions of a state begin
    feature: Rows  # (states,) the feature that ends in a state, -1 for none
    weights: Weights  # (features, columns)
    prior: Weights  # (columns,)
    languages: tuple[str, ...]  # of each column, ISO 639


def load_model() -> LanguageModel:
    """The model that the package brings; takes about two seconds, mostly decompression."""
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    return LanguageModel(
        next_state=np.asarray(model.tk_nextmove, np.uint32),
        row_start=np.asarray(model.tk_row, np.int64) << 8,
        feature=np.asarray(model.tk_output, np.int64),
        weights=model.nb_ptc.astype(np.float32),
        prior=model.nb_pc.astype(np.float32),
        languages=tuple(model.nb_classes),
    )


def probabilities(model: LanguageModel, texts: pa.Array) -> Weights:
    """(n, columns) probabilities of the samples of the texts, each row adding up to 1."""
    readable = as_the_model_reads(sampled(texts))
    return walk(
        *bytes_and_offsets(readable),
        (model.next_state, model.row_start, model.feature),
        (model.weights, model.prior),
    )


def as_the_model_reads(texts: pa.Array) -> pa.Array:
    """The texts in composed form (NFC), those wholly in capitals in small letters: what the model was trained on."""
    # By Python, since Arrow's notion of a capital differs from the package's; it is 2 % of the time of a judgement.
    small = (text.lower() if text.isupper() else text for text in texts.to_pylist())
    return pa.array([unicodedata.normalize("NFC", text) for text in small], pa.large_string())


def sampled(texts: pa.Array) -> pa.Array:
    """Each text, or if it is longer than two samples its head and a piece of its middle, parted by a line break."""
    data, offsets = cut(*bytes_and_offsets(texts), SAMPLE_BYTES)
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


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
    automaton: tuple[States, Rows, Rows],
    classifier: tuple[Weights, Weights],
) -> Weights:
    """(n, columns) probabilities: softmax of log(1 + counts) @ weights + prior, flattened by the root of the length."""
    weights, prior = classifier
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    counts, visited = np.zeros(len(weights), np.int32), np.empty(longest, np.int64)
    scores = np.zeros((len(offsets) - 1, len(prior)), np.float32)
    for row in range(len(scores)):
        begin, end = offsets[row], offsets[row + 1]
        features = count_features(data[begin:end], automaton, counts, visited)
        score = scores[row]
        if features > 0:
            score[:] = prior
        for feature in visited[:features]:
            factor = np.float32(math.log1p(counts[feature]))
            counts[feature] = 0
            for column in range(len(score)):
                score[column] += factor * weights[feature, column]
        into_probabilities(score, end - begin)
    return scores


@compiled
def count_features(text: ByteArray, automaton: tuple[States, Rows, Rows], counts: Counts, visited: Rows) -> int:
    """Counts the features of a text and lists them in `visited`; returns how many different ones there are."""
    next_state, row_start, feature = automaton
    state, features = np.int64(0), 0
    for byte in text:
        state = np.int64(next_state[row_start[state] + byte])
        found = feature[state]
        if found >= 0:
            if counts[found] == 0:
                visited[features] = found
                features += 1
            counts[found] += 1
    return features


@compiled
def into_probabilities(score: Weights, length: int) -> None:
    """Replaces the scores of a text of `length` bytes by its probabilities."""
    highest, total = score.max(), 0.0
    for column in range(len(score)):
        score[column] = math.exp((score[column] - highest) / math.sqrt(max(length, 1)))
        total += score[column]
    for column in range(len(score)):
        score[column] /= total
