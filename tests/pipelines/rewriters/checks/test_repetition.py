import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rewriters.checks.repetition import WINDOW, repetition

TEXTS = st.text(alphabet="ab \n\u00e9", max_size=300)
PLAIN = "People said yes to the bridge. It goes over the wide river, and many cars drive on it each day."


def repeated_share(text: str) -> float:
    """The slow, obvious version."""
    flat = " ".join(text.split()).encode()
    width = max([size for size in (1, 2, 4, 8, 16, 32) if 2 * size <= len(flat)], default=1)
    windows = [flat[start : start + width] for start in range(len(flat) - width + 1)]
    return 1 - len(set(windows)) / len(windows) if windows else 0.0


@given(original=TEXTS, rewrite=TEXTS)
def test_is_the_share_of_windows_that_stood_before_past_that_of_the_original(original: str, rewrite: str) -> None:
    expected = max(0.0, repeated_share(rewrite) - repeated_share(original))

    assert repetition(original, rewrite) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "rewrite", ["the " * 12, PLAIN + " It is long." * 9, "\n".join([PLAIN] * 3), "它很长。" * 20, "ab" * WINDOW]
)
def test_a_loop_repeats_itself(rewrite: str) -> None:
    assert repetition(PLAIN, rewrite) > 0.3


def test_what_the_original_repeats_the_rewrite_may() -> None:
    song = "Row, row, row your boat, gently down the stream.\n" * 4

    assert repetition(song, song) == 0
    assert repetition(PLAIN, PLAIN) == 0
    assert repetition("", "") == 0
