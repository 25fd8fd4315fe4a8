"""Step `rewrite`: a rewriter's prompts answered by an engine, the accepted replies in the place of the texts.

The unit of work is a row group of about a thousand documents, answered by the engine in one call, so continuous
batching stays full and a killed run loses at most the row groups that were under way.
"""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rewriter import Rewrite, Rewriter
from pipelines.contracts.rows import GENRE, ID, SAMPLE, TEXT, Fitted, Outcome, Resources
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.store.manifest import FLOPS

SAMPLE_ROWS = 3
MAX_ERROR_SHARE = 0.1


class RewriteStep(Step):
    """Replaces every text by its rewrite where one was accepted; the others stay as they were, counted by reason."""

    rewriter: Rewriter
    engine: Engine

    @property
    def by_row_group(self) -> bool:
        """True: a row group fills an engine's batches, and a killed run loses no more than those under way."""
        return True

    @property
    def resources(self) -> Resources:
        """What one worker takes, as the engine says."""
        return self.engine.resources

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the engine, before any work starts."""
        self.engine.check()

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that rewrites one table of rows; Mistake where the engine failed on too many prompts."""
        answer = self.engine.open()

        def rewrite(rows: pa.Table, place: Place) -> Outcome:
            texts = rows[TEXT].to_pylist()
            genres = rows[GENRE].to_pylist() if GENRE in rows.column_names else [None] * len(texts)
            prompts = [self.rewriter.prompts(text, genre) for text, genre in zip(texts, genres, strict=True)]
            replies = _answer(answer, prompts)
            _check_engine(replies)
            rewrites = [self.rewriter.accept(*each) for each in zip(texts, prompts, replies, strict=True)]
            counts = _counts(rewrites, replies)
            return Outcome(
                rows=_replaced(rows, rewrites),
                counts={**counts, FLOPS: self.engine.flops(counts["tokens_in"], counts["tokens_out"])},
                samples=_samples(rows, rewrites),
            )

        return rewrite


def _answer(answer: EngineFn, prompts: Sequence[Sequence[Prompt]]) -> list[list[Reply]]:
    """The replies to each document's prompts; Mistake where the engine gives more or fewer than it was asked for."""
    asked = [prompt for of_document in prompts for prompt in of_document]
    given = answer(asked)
    if len(given) != len(asked):
        raise Mistake(f"the engine gave {len(given)} replies to {len(asked)} prompts; it has to answer each one once")
    replies = iter(given)
    return [[next(replies) for _ in of_document] for of_document in prompts]


def _check_engine(replies: Sequence[Sequence[Reply]]) -> None:
    """Raises Mistake where more than MAX_ERROR_SHARE of the replies are errors of the engine.

    They say nothing about the texts, which would otherwise all look as if no rewrite had been good enough.
    """
    every = [reply for of_document in replies for reply in of_document]
    failed = [reply.finish for reply in every if reply.finish.startswith("error")]
    if len(failed) > MAX_ERROR_SHARE * len(every):
        raise Mistake(
            f"the engine failed on {len(failed)} of {len(every)} prompts ({failed[0]}); mend it and run the same "
            "command again, what was rewritten before is kept"
        )


def _replaced(rows: pa.Table, rewrites: Sequence[Rewrite]) -> pa.Table:
    position = rows.column_names.index(TEXT)
    texts = pa.array([rewrite.text for rewrite in rewrites], rows.schema.field(TEXT).type)
    return rows.set_column(position, TEXT, texts)


def _counts(rewrites: Sequence[Rewrite], replies: Sequence[Sequence[Reply]]) -> dict[str, float]:
    kept = Counter(f"kept_original:{each.kept_original}" for each in rewrites if each.kept_original)
    every = [reply for of_document in replies for reply in of_document]
    return {
        "rewritten": float(sum(each.kept_original is None for each in rewrites)),
        "tokens_in": float(sum(reply.tokens_in for reply in every)),
        "tokens_out": float(sum(reply.tokens_out for reply in every)),
        **{reason: float(count) for reason, count in kept.items()},
    }


def _samples(rows: pa.Table, rewrites: Sequence[Rewrite]) -> pa.Table:
    after = pa.array([rewrite.text for rewrite in rewrites], pa.string())
    table = pa.table([rows[ID], pc.cast(rows[TEXT], pa.string()), after], schema=SAMPLE)
    changed = table.filter(pc.not_equal(table["before"], table["after"]))
    return changed.sort_by(ID).slice(0, SAMPLE_ROWS)
