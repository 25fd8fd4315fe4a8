"""Step `cut`: documents become passages of at most so many tokens, each with an id of its own."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import DROPPED, ID, PARENTS, TEXT, Fitted, Outcome
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint
from pipelines.inference.tokenizing import open_offsets
from pipelines.sources.reading.documents import content_ids


class Cut(Step):
    """Cuts each text into as few passages as have at most `tokens` tokens each, all of a text about equally long.

    The tokens are those of a model's tokenizer, without the begin token that a model reads first. An edge that would
    be inside a character is at its beginning, which can make a passage a token or two longer. The passages of a text,
    joined, are the text. A passage has the columns of its document, the hash of its own text as `id`, and in `parents`
    a list with the id of the document. So a selection chooses among pieces of like size, and a long document is not
    kept or dropped whole. A text without a token is dropped as `no_token`.
    """

    model: ModelName
    tokens: int = Field(default=512, ge=1)

    @property
    def columns(self) -> list[str]:
        """The id and the text."""
        return [ID, TEXT]

    @property
    def adds(self) -> list[str]:
        """The id of what a passage was cut from, in a list."""
        return [PARENTS]

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, its tokenizer among them, or the address of its training."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no whole model folder."""
        check_model(self.model, None)

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that cuts one table of texts, the tokenizer loaded."""
        starts_of = open_offsets(self.model, None)

        def cut(rows: pa.Table, place: Place) -> Outcome:
            texts = rows[TEXT].to_pylist()
            pieces = [
                [text[start:end] for start, end in itertools.pairwise([*_edges(starts, self.tokens), len(text)])]
                for text, starts in zip(texts, starts_of(texts), strict=True)
            ]
            counts = np.array([len(each) for each in pieces], np.int64)
            lost = rows.filter(pa.array(counts == 0))
            document = pa.array(np.repeat(np.arange(len(texts)), counts))
            parents = rows[ID].take(document)
            others = rows.drop_columns([each for each in (ID, TEXT, PARENTS) if each in rows.column_names])
            return Outcome(_as_documents(pieces, parents, others.take(document)), _dropped(lost))

        return cut


def _edges(starts: list[int], tokens: int) -> list[int]:
    """The characters at which passages begin, given those at which tokens do; no passage is empty."""
    count = -(-len(starts) // tokens)
    return sorted({0, *(starts[len(starts) * number // count] for number in range(1, count))}) if starts else []


def _as_documents(pieces: list[list[str]], parents: pa.ChunkedArray, others: pa.Table) -> pa.Table:
    passages = pa.array(list(itertools.chain.from_iterable(pieces)), pa.string())
    lists = pa.array([[parent] for parent in parents.to_pylist()], pa.list_(pa.string()))
    made: dict[str, Any] = {ID: content_ids(passages), TEXT: passages, PARENTS: lists}
    return pa.table(made | {name: others[name] for name in others.column_names})


def _dropped(lost: pa.Table) -> pa.Table:
    reasons = pa.array(["no_token"] * lost.num_rows, pa.string())
    return pa.table([lost[ID], reasons, pa.array([""] * lost.num_rows, pa.string())], schema=DROPPED)
