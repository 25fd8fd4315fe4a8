"""Windows: every token is scored once, and batches keep to their budget."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.inference.windows import Window, batches, cut


@given(st.integers(0, 200), st.integers(2, 40), st.data())
def test_windows_score_every_token_once_with_left_context(length: int, context: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, context - 1))
    tokens = list(range(length))
    scored = []
    for window in cut(0, tokens, context, stride):
        assert len(window.tokens) <= context
        assert window.first >= 1
        for place in range(window.first, len(window.tokens)):
            assert place >= min(context - stride, window.tokens[place])
            scored.append(window.tokens[place])
    assert scored == tokens[1:]


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 200))
def test_batches_hold_every_window_once_within_the_budget(lengths: list[int], batch_tokens: int) -> None:
    windows = [Window(0, [0] * length, 1) for length in lengths]
    groups = list(batches(windows, batch_tokens))
    assert sorted(number for group in groups for number in group) == list(range(len(windows)))
    for group in groups:
        padded = max(lengths[number] for number in group) * len(group)
        assert padded <= batch_tokens or len(group) == 1
