"""Step `cut`: documents become passages of at most so many tokens, each with an id of its own."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.component import ADDED
from pipelines.contracts.rows import DROPPED, ID, PARENTS, TEXT, Fitted, Outcome
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint
from pipelines.inference.tokenizing import open_offsets
from pipelines.sources.reading.documents import content_ids

IntArray = npt.NDArray[np.int64]


class Cut(Step):
    """Cuts each text into as few passages as have at most `tokens` tokens each, all of a text about equally long.

    The tokens are those of a model's tokenizer, without the begin token that a model reads first. An edge that would
    be inside a character is at its beginning, which can make a passage a token or two longer. The passages of a text,
    joined, are the text. A passage has the columns of its document, the hash of its own text as `id`, and in `parents`
    a list with the id of the document. So a selection chooses among pieces of like size, and a long document is not
    kept or dropped whole. A text without a token is dropped as `no_token`.

    With `join`, the text that stands between two documents, passages have exactly `tokens` tokens of the documents of a
    unit of work, joined in their order (DsDm, arXiv 2401.12926, has its candidates so). `parents` then names all
    documents of which a passage holds something, and the other columns are those of the first. What is left at the end
    of a unit is counted as `left_over_tokens`, and documents of which nothing is in a passage are dropped as
    `left_over`. Units follow from the shards of the step before, never from workers. A token is one of the joined text:
    read alone, a passage that begins or ends inside a word can have one more or less.
    """

    model: ModelName
    tokens: int = Field(default=512, ge=1)
    join: Annotated[str | None, ADDED] = Field(default=None, description="between documents; null: a passage is of one")

    @property
    def columns(self) -> list[str]:
        """The id and the text."""
        return [ID, TEXT]

    @property
    def adds(self) -> list[str]:
        """The ids of what a passage was cut from, in a list."""
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
        between = None if self.join is None else Joint(self.join, starts_of([self.join])[0])

        def cut(rows: pa.Table, place: Place) -> Outcome:
            texts = rows[TEXT].to_pylist()
            starts = starts_of(texts)
            if between is None:
                return Outcome(_as_documents(_apart(texts, starts, self.tokens), rows), _dropped(rows, starts))
            passages, left_over = _joined(texts, starts, self.tokens, between)
            return Outcome(
                _as_documents(passages, rows),
                _dropped(rows, starts, passages.rows[-1][-1] + 1 if passages.rows else 0),
                counts={"left_over_tokens": float(left_over)},
            )

        return cut


class Joint(NamedTuple):
    """What stands between two documents, and the characters at which its tokens begin."""

    text: str
    starts: list[int]


class Passages(NamedTuple):
    """(n,) texts, and the rows that each is from, one at least."""

    texts: list[str]
    rows: list[list[int]]


def _apart(texts: Sequence[str], starts: Sequence[list[int]], tokens: int) -> Passages:
    """Each text in as few passages as have at most so many tokens."""
    pieces = [
        [text[start:end] for start, end in itertools.pairwise([*_edges(each, tokens), len(text)])]
        for text, each in zip(texts, starts, strict=True)
    ]
    rows = [[row] for row, each in enumerate(pieces) for _ in each]
    return Passages(list(itertools.chain.from_iterable(pieces)), rows)


def _edges(starts: list[int], tokens: int) -> list[int]:
    """The characters at which passages begin, given those at which tokens do; no passage is empty."""
    count = -(-len(starts) // tokens)
    return sorted({0, *(starts[len(starts) * number // count] for number in range(1, count))}) if starts else []


def _joined(texts: Sequence[str], starts: Sequence[list[int]], tokens: int, between: Joint) -> tuple[Passages, int]:
    """The texts one behind the other in passages of so many tokens, and how many tokens are left at the end."""
    rows = np.flatnonzero([len(each) > 0 for each in starts])
    whole = between.text.join(texts[row] for row in rows)
    sizes = np.array([len(texts[row]) for row in rows], np.int64)
    begins = np.cumsum(sizes + len(between.text)) - sizes - len(between.text)
    places = [np.array(starts[row], np.int64) + begin for row, begin in zip(rows, begins, strict=True)]
    joints = [np.array(between.starts, np.int64) + end for end in (begins + sizes)[:-1]]
    stream = np.concatenate([np.zeros(0, np.int64), *interleaved(places, joints), [len(whole)]])
    count = (len(stream) - 1) // tokens
    edges = stream[np.arange(count + 1) * tokens]
    edges[0] = 0
    edges = np.unique(edges)  # of a character of several tokens each edge is at its beginning
    firsts = np.searchsorted(begins + sizes, edges[:-1], side="right")
    ends = np.searchsorted(begins, edges[1:], side="left")
    held = np.flatnonzero(firsts < ends)  # what holds a part of a joint alone is of no document
    pieces = [whole[edges[number] : edges[number + 1]] for number in held]
    passages = Passages(pieces, [rows[firsts[number] : ends[number]].tolist() for number in held])
    return passages, len(stream) - 1 - count * tokens


def interleaved(places: Sequence[IntArray], joints: Sequence[IntArray]) -> Iterator[IntArray]:
    """The first place, the first joint, the second place, and so on."""
    for place, joint in itertools.zip_longest(places, joints):
        yield place
        if joint is not None:
            yield joint


def _as_documents(made: Passages, rows: pa.Table) -> pa.Table:
    passages, ids = pa.array(made.texts, pa.string()), rows[ID].to_pylist()
    lists = [[ids[row] for row in each] for each in made.rows]
    others = rows.drop_columns([each for each in (ID, TEXT, PARENTS) if each in rows.column_names])
    others = others.take(pa.array([each[0] for each in made.rows], pa.int64()))
    columns: dict[str, Any] = {
        ID: content_ids(passages),
        TEXT: passages,
        PARENTS: pa.array(lists, pa.list_(pa.string())),
    }
    return pa.table(columns | {name: others[name] for name in others.column_names})


def _dropped(rows: pa.Table, starts: Sequence[list[int]], end: int | None = None) -> pa.Table:
    """The rows without a token, and those from `end` on, of which nothing is in a passage."""
    silent = np.array([not each for each in starts], np.bool_)
    lost = silent if end is None else silent | (np.arange(len(silent)) >= end)
    reasons = np.where(silent, "no_token", "left_over")[lost]
    empty = pa.array([""] * len(reasons), pa.string())
    return pa.table([rows[ID].filter(pa.array(lost)), pa.array(reasons.tolist(), pa.string()), empty], schema=DROPPED)
