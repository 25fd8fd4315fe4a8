"""The byte model without context."""

import pytest

from pipelines.codecs.byte_models.static import Static, count


def test_a_byte_is_as_probable_as_it_is_often_seen_plus_one() -> None:
    predict = Static().open(count([b"aab", b"a"])).predict
    for row in predict([b"", b"zzz"]):
        assert row[ord("a")] == pytest.approx(4 / 260)
        assert row[ord("b")] == pytest.approx(2 / 260)
        assert row[0] == pytest.approx(1 / 260)
