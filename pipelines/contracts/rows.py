"""The vocabulary of the ground floor: the names of columns, and what travels between components.

Specs describe, `open()` loads. A component is small, frozen and picklable; the heavy thing it needs (a
model, a tokenizer, an engine) is made by `open()`, once in each worker. A component that has to see the
whole corpus before it can judge one row defines `fit`, one global pass over the columns it names; what
`fit` returned is handed to `open`.

Everything here works on Arrow arrays and tables, row for row: the n-th result belongs to the n-th row.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

ID = "id"  # content hash of the text as it was read, 32 hexadecimal digits
TEXT = "text"
GENRE = "genre"  # the kind of text, where the input says it
PARENTS = "parents"  # of a passage, a list with the id of the document that it was cut from
SOURCE = "source"  # where the document came from: a named part, a file, a package

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
VectorArray = npt.NDArray[np.float32]
Fitted = dict[str, Any]  # numpy arrays and plain values: what a global pass learned

TextSample = Callable[[int, int, str], list[str]]  # (bytes, seed, purpose) -> about so many bytes of a corpus' texts

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
    tasks, as many as fit. `memory_gb` is what Ray sets aside of a node's memory, and `accelerator_type` the kind of
    GPU as Ray names it ("A100", "L4"); both may stay open.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    workers: int = 0
    memory_gb: float = 0.0
    accelerator_type: str = ""


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


TOKENS = "tokens"
TOKEN_COUNT = "token_count"
TEXT_BYTES = "text_bytes"
CODEC_FILES = "codec"

Verify = Literal["sample", "all"]


SEQUENCE = "sequence"
BUCKET = "bucket"
