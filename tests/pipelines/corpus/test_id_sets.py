import hashlib

import pyarrow as pa
import pytest

from pipelines.corpus.id_sets import IdSet


def ids(numbers: range) -> pa.Array:
    return pa.array([hashlib.md5(str(number).encode()).hexdigest() for number in numbers], pa.string())


def test_what_was_put_in_is_held_and_nothing_else() -> None:
    known = IdSet.of([ids(range(50)), pa.array(["my-own", "0" * 32]), ids(range(40, 90))])
    assert known.holds(ids(range(90))).all()
    assert not known.holds(ids(range(90, 200))).any()
    assert known.holds(pa.array(["my-own", "mine", "0" * 32])).tolist() == [True, False, True]


@pytest.mark.parametrize("parts", [[], [pa.array([], pa.string())]])
def test_an_empty_set_holds_nothing(parts: list[pa.Array]) -> None:
    assert not IdSet.of(parts).holds(ids(range(9))).any()
    assert IdSet.of([ids(range(9))]).holds(ids(range(0))).tolist() == []


def test_ids_that_begin_alike_are_told_apart_to_their_end() -> None:
    begin = "ab" * 8
    alike = [begin + f"{number:016x}" for number in (9, 3, 700, 41)]
    known = IdSet.of([pa.array(alike), pa.array(["cd" * 16])])
    assert (
        known.holds(pa.array([*alike, begin + f"{4:016x}", begin + f"{2**63:016x}"])).tolist()
        == [True] * 4 + [False] * 2
    )
