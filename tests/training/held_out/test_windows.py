"""Windows: every token of every document is predicted once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.held_out.windows import window_batches, windows

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
