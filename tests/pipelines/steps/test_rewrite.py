"""A rewrite step: every prompt has its reply, and what the engine spent is counted."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.contracts.rewriter import Rewriter
from pipelines.contracts.step import Place
from pipelines.steps.rewrite import RewriteStep

ROWS = pa.table({"id": ["a", "b", "c"], "text": ["It rains a lot.", "", "The cat sat down."]})


class Miscounting(Engine):
    """Repeats the text, and gives so many replies more or fewer than it was asked for."""

    surplus: int = 0

    def open(self) -> EngineFn:
        def answer(prompts: Sequence[Prompt]) -> list[Reply]:
            replies = [Reply(prompt.text, tokens_in=3, tokens_out=2) for prompt in prompts]
            return replies[: self.surplus or None] if self.surplus < 0 else [*replies, *replies[: self.surplus]]

        return answer

    def flops(self, tokens_in: float, tokens_out: float) -> float:
        return 10 * (tokens_in + tokens_out)


def step(surplus: int) -> RewriteStep:
    return RewriteStep(rewriter=Rewriter.model_validate("leaner"), engine=Miscounting(surplus=surplus))


def test_what_the_engine_spent_is_counted_with_its_tokens() -> None:
    outcome = step(0).open({}, 0)(ROWS, Place.in_shard(0, 0, ROWS.num_rows))
    assert outcome.rows["text"].to_pylist() == ROWS["text"].to_pylist()
    assert (outcome.counts["tokens_in"], outcome.counts["tokens_out"], outcome.counts["flops"]) == (6, 4, 100)


@pytest.mark.parametrize(("surplus", "given"), [(-1, 1), (1, 3), (2, 4)])
def test_more_or_fewer_replies_than_prompts_are_an_error(surplus: int, given: int) -> None:
    with pytest.raises(ValueError, match=f"gave {given} replies to 2 prompts"):
        step(surplus).open({}, 0)(ROWS, Place.in_shard(0, 0, ROWS.num_rows))
