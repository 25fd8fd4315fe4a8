"""The vocabulary of the ground floor: column names, what travels between components, and their families.

Specs describe, `open()` loads. A component is small, frozen and picklable; the heavy thing it needs (a
model, a tokenizer, an engine) is made by `open()`, once in each worker. A component that has to see the
whole corpus before it can judge one row defines `fit`, one global pass over the columns it names; what
`fit` returned is handed to `open`.

Everything here works on Arrow arrays and tables, row for row: the n-th result belongs to the n-th row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import fsspec.core
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.component import Component

if TYPE_CHECKING:
    import ray.data

    from pipelines.step import Step

ID = "id"  # content hash of the text as it was read, 32 hexadecimal digits
TEXT = "text"
GENRE = "genre"  # the kind of text, where the input says it
SOURCE = "source"  # where the document came from: a named part, a file, a package

FloatArray = npt.NDArray[np.float64]
Fitted = dict[str, Any]  # numpy arrays and plain values: what a global pass learned
FilterFn = Callable[[pa.Array], pa.Array]  # (n,) texts -> (n,) string array: null where kept, else the reason

SHARD = "_shard"  # int32 position of a row's shard in its manifest; only in what `fit` sees
ROW = "_row"  # int64 position of a row in its shard; only in what `fit` sees

DROPPED = pa.schema([("id", pa.string()), ("reason", pa.string()), ("detail", pa.string())])
BAD = pa.schema(
    [  # `rows` is how many rows the entry stands for: null where nobody knows, the rest of the file being lost
        ("file", pa.string()),
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("excerpt", pa.string()),
        ("rows", pa.int64()),
    ]
)
SAMPLE = pa.schema([("id", pa.string()), ("before", pa.string()), ("after", pa.string())])


@dataclass(frozen=True)
class Resources:
    """What one worker of a step takes; a step states it, Ray Data schedules.

    `workers` > 0 asks for a pool of that many actors, for steps whose `open()` is expensive; 0 means stateless
    tasks, as many as fit.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    workers: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of the rows of one unit of work: the rows that go on, and why each other one does not.

    `rows` may be written as it is; `dropped` follows the schema DROPPED and `samples` the schema SAMPLE.
    `counts` are summed over all units and shown in the report (`kept_original:refusal`, `tokens_in`, `flops`).
    """

    rows: pa.Table
    dropped: pa.Table = field(default_factory=DROPPED.empty_table)
    counts: dict[str, float] = field(default_factory=dict)
    samples: pa.Table = field(default_factory=SAMPLE.empty_table)


@dataclass(frozen=True)
class Read:
    """A batch read from one input file: documents (at least `text`) and the rows that could not be read (BAD)."""

    rows: pa.Table
    bad: pa.Table = field(default_factory=BAD.empty_table)


@dataclass(frozen=True)
class Scores:
    """(n,) finite numbers, one for each text, and the floating-point operations that a model spent on them."""

    values: FloatArray
    flops: float = 0.0


ScoreFn = Callable[[pa.Array], Scores]  # (n,) texts -> their scores


class Source(Component):
    """Where documents come from: a list of input files and a way to read one of them as a stream."""

    family: ClassVar[str] = "pipelines.sources"

    def files(self) -> list[str]:
        """Every input file, sorted; ValueError with the cure when there is none."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises ValueError with the cure before any work starts: no such files, no text column in the first one."""
        self.files()

    @property
    def resources(self) -> Resources:
        """What one reading worker takes."""
        return Resources()

    def steps(self) -> "dict[str, Step]":
        """Steps that belong to the source and run before those of the config; most sources have none."""
        return {}

    def size(self, file: str) -> int:
        """Bytes of one input file as stored, so that small files can share a unit of work."""
        filesystem, path = fsspec.core.url_to_fs(file)
        return int(filesystem.size(path) or 0)

    def read(self, file: str) -> Iterator[Read]:
        """The documents of one file, in file order, in batches that fit in memory; text not yet given an id.

        A broken line, a truncated file or a row without text is returned as a bad row; it is never raised.
        """
        raise NotImplementedError


class Filter(Component):
    """Judges each text alone: null where it is kept, else a short snake_case reason."""

    family: ClassVar[str] = "pipelines.filters"

    def open(self) -> FilterFn:
        """The judge; called once in each worker."""
        raise NotImplementedError


class Scorer(Component):
    """Gives every text a finite number; what the number means and which end is better is the docstring's first line."""

    family: ClassVar[str] = "pipelines.scorers"

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes."""
        return Resources()

    def fit(self, rows: "ray.data.Dataset") -> Fitted:
        """One pass over the column `text` of the whole corpus; most scorers need none."""
        return {}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function; called once in each worker with what `fit` returned."""
        raise NotImplementedError


class Selector(Component):
    """Orders rows by a key and says how much of the total mass to keep: highest keys first, until the budget is full.

    The key of a row depends on that row alone, so the decision is the same in any order and on any number of
    workers; equal keys are told apart by a hash of the row's id.
    """

    family: ClassVar[str] = "pipelines.selectors"

    @property
    def columns(self) -> list[str]:
        """The columns that `key` and `mass` read, beside `id`."""
        raise NotImplementedError

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) keys, finite; rows with higher keys are kept first."""
        raise NotImplementedError

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what keeping each row costs: 1 for a row, or its number of tokens or bytes."""
        return np.ones(rows.num_rows)

    def budget(self, total_mass: float) -> float:
        """How much mass may be kept out of `total_mass`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Message:
    """One chat message."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """One request to an engine: the chat messages, and the bare text in question for engines that are no chat model."""

    messages: tuple[Message, ...]
    text: str
    max_tokens: int = 1024


@dataclass(frozen=True)
class Reply:
    """An engine's answer. `finish` is 'stop' for a whole reply, 'length' for one cut off, else the engine's error."""

    text: str
    finish: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Rewrite:
    """The text that goes on; `kept_original` is None for a rewritten text, else the reason the original was kept."""

    text: str
    kept_original: str | None = None


EngineFn = Callable[[Sequence[Prompt]], list[Reply]]


class Rewriter(Component):
    """Turns a document into prompts and the replies into a document; both are pure, the engine runs between them."""

    family: ClassVar[str] = "pipelines.rewriters"

    def prompts(self, text: str, genre: str | None) -> list[Prompt]:
        """The requests for one document, in order; a long document takes several."""
        raise NotImplementedError

    def accept(self, text: str, prompts: Sequence[Prompt], replies: Sequence[Reply]) -> Rewrite:
        """The rewritten document, or the original with a snake_case reason why no rewrite was taken."""
        raise NotImplementedError


class Engine(Component):
    """Answers prompts: a model in this process, a server, or rules."""

    family: ClassVar[str] = "pipelines.engines"

    @property
    def resources(self) -> Resources:
        """What one engine worker takes."""
        return Resources()

    def open(self) -> EngineFn:
        """The running engine; called once in each worker. The n-th reply answers the n-th prompt."""
        raise NotImplementedError

    def flops(self, tokens_in: float, tokens_out: float) -> float:
        """Floating-point operations that so many tokens cost; 0 where no model is run."""
        return 0.0
