"""Windows: every token of every document is predicted once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.held_out.windows import continuation_windows, window_batches, windows

END = 0


@given(
    sizes=st.lists(st.integers(0, 70), min_size=1, max_size=8),
    length=st.integers(2, 20),
    batch_tokens=st.integers(1, 100),
)
def test_each_token_and_each_end_is_scored_once(sizes: list[int], length: int, batch_tokens: int) -> None:
    documents = [np.arange(1, size + 1) + 1_000 * number for number, size in enumerate(sizes)]
    scored: dict[int, list[int]] = {number: [] for number in range(len(sizes))}
    for batch in window_batches(documents, END, length, batch_tokens):
        assert batch.tokens_BT.shape[1] <= length
        assert not batch.scored_BT[:, 0].any()
        for row, document in enumerate(batch.documents):
            scored[int(document)] += batch.tokens_BT[row][batch.scored_BT[row]].tolist()
    for number, document in enumerate(documents):
        assert sorted(scored[number]) == sorted([*document.tolist(), END])


def test_later_windows_keep_half_a_window_of_context() -> None:
    cut = windows(0, np.arange(1, 40), END, 16)
    assert [window.first_scored for window in cut] == [1, 8, 8, 8, 8][: len(cut)]
    assert cut[0].tokens[0] == END


def test_batches_stay_within_their_tokens() -> None:
    batches = window_batches([np.ones(size, np.int64) for size in (3, 30, 9, 12)], END, 16, 64)
    assert max(batch.tokens_BT.size for batch in batches) <= 64
    assert pytest.approx(sum(batch.scored_BT.sum() for batch in batches)) == 3 + 30 + 9 + 12 + 4


@given(
    before=st.integers(0, 40),
    size=st.integers(0, 40),
    length=st.integers(2, 20),
    together=st.integers(1, 3),
)
def test_each_token_of_a_continuation_is_scored_once_and_nothing_else(
    before: int, size: int, length: int, together: int
) -> None:
    context, continuation = np.arange(1, before + 1), np.arange(100, 100 + size)
    cut = continuation_windows(3, context, continuation, END, length, together)
    assert np.concatenate([[], *(each.tokens[each.first_scored :] for each in cut)]).tolist() == continuation.tolist()
    assert all(len(each.tokens) <= length and each.first_scored > 0 and each.document == 3 for each in cut)
    assert sum((each.tokens == END).sum() for each in cut) == bool(size), "one begins, none ends"
    if cut and len(cut) == 1:
        (window,) = cut
        seen = window.tokens[1 : window.first_scored]
        assert window.tokens[0] == END
        assert seen.tolist() == context[len(context) - len(seen) :].tolist(), "cut on the left"
        assert (before - len(seen)) % together == 0 or not len(seen)
        assert len(seen) == before or len(window.tokens) > length - together, "no more is cut than has to be"


def test_a_continuation_that_fills_a_window_is_read_without_its_context() -> None:
    fits = continuation_windows(0, np.arange(1, 9), np.arange(100, 115), END, 16)
    assert [(each.tokens.tolist(), each.first_scored) for each in fits] == [([END, *range(100, 115)], 1)]
    longer = continuation_windows(0, np.arange(1, 9), np.arange(100, 116), END, 16)
    assert [each.tokens.tolist() for each in longer] == [[END, *range(100, 115)], list(range(107, 116))]
    assert [each.first_scored for each in longer] == [1, 8]
