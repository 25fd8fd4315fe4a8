"""Sequences: documents closed, cut, and taken apart again; edges of difficulty; what is scored."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.packing.sequences import bucket_edges, close_documents, cut, scored, unpack

DOCUMENTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=12)


def test_every_document_is_closed_and_its_tokens_know_it() -> None:
    stream, owners = close_documents(pa.array([[1, 2], [], [3]], pa.large_list(pa.uint16())), end=0)
    assert stream.tolist() == [1, 2, 0, 0, 3, 0]
    assert owners.tolist() == [0, 0, 0, 1, 2, 2]


def test_a_slice_of_documents_is_those_documents() -> None:
    lists = pa.array([[9], [1, 2], [3], [9, 9]], pa.large_list(pa.uint16())).slice(1, 2)
    assert close_documents(lists, end=0)[0].tolist() == [1, 2, 0, 3, 0]


def test_only_the_last_sequence_is_filled() -> None:
    sequences, last = cut(np.array([1, 2, 0, 3, 0], np.uint32), np.array([0, 0, 0, 1, 1]), length=3, end=0)
    assert sequences.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert last.tolist() == [0, 1]


def test_no_documents_are_no_sequences() -> None:
    stream, owners = close_documents(pa.array([], pa.large_list(pa.uint16())), end=0)
    sequences, last = cut(stream, owners, length=4, end=0)
    assert sequences.shape == (0, 4)
    assert last.shape == (0,)
    assert unpack(sequences, end=0) == []


@given(DOCUMENTS, st.integers(2, 8))
def test_unpacking_gives_the_documents_back(documents: list[list[int]], length: int) -> None:
    stream, owners = close_documents(pa.array(documents, pa.large_list(pa.uint16())), end=0)
    sequences, last = cut(stream, owners, length, end=0)
    assert [document.tolist() for document in unpack(sequences, end=0)] == documents
    assert sequences.size - len(stream) < length
    assert last.tolist() == sorted(last)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=200), st.integers(1, 6))
def test_edges_ascend_and_part_the_tokens_evenly(values: list[float], buckets: int) -> None:
    edges = bucket_edges(np.array(values), np.ones(len(values)), buckets)
    assert len(edges) == buckets - 1
    assert (np.diff(edges) >= 0).all()
    if len(set(values)) == len(values):
        sizes = np.bincount(np.searchsorted(edges, values, side="right"), minlength=buckets)
        assert sizes.max() - sizes.min() <= 2


def test_a_long_document_takes_the_room_of_many_short_ones() -> None:
    values, lengths = np.arange(5.0), np.array([1.0, 1.0, 1.0, 1.0, 4.0])
    assert bucket_edges(values, lengths, 2).tolist() == [4.0]


@given(DOCUMENTS, st.integers(2, 8))
def test_all_tokens_but_the_filling_are_scored(documents: list[list[int]], length: int) -> None:
    stream, owners = close_documents(pa.array(documents, pa.large_list(pa.uint16())), end=0)
    sequences, _ = cut(stream, owners, length, end=0)
    marks = scored(sequences, end=0)
    assert marks.shape == sequences.shape
    np.testing.assert_array_equal(marks.ravel(), np.arange(sequences.size) < len(stream))
