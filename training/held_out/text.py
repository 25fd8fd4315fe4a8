"""Held-out text in tokens: encoded once, for the training curve, the evaluation and the study."""

import functools
import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.build import BuiltData
from pipelines.contracts.codec import TokenArrays
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import CODEC_FILES, GENRE, ID, TEXT, TEXT_BYTES, TOKENS
from pipelines.contracts.source import Source
from pipelines.contracts.step import Place
from pipelines.corpus.randomness import uniform
from pipelines.passes.step_work import columns_of
from pipelines.passes.task import in_task
from pipelines.passes.units import Attempt
from pipelines.sources.reading.ingest import read_all
from pipelines.steps.encode import Encode
from pipelines.store.address import address, ingredients
from pipelines.store.built import built_alone
from pipelines.store.encoded import codec_files, encoded_with
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.contracts import IntArray


@dataclass(frozen=True)
class HeldOutText:
    """Whole documents: the columns id, genre, text, text_bytes and tokens, these without the end token."""

    rows: pa.Table

    @property
    def genres(self) -> list[str]:
        """(documents,) the genre of each document, "" where it has none."""
        found: list[str] = self.rows[GENRE].to_pylist()
        return found

    @property
    def texts(self) -> list[str]:
        """(documents,) the text of each document."""
        found: list[str] = self.rows[TEXT].to_pylist()
        return found

    @property
    def text_bytes(self) -> IntArray:
        """(documents,) bytes of each text as UTF-8."""
        found: IntArray = self.rows[TEXT_BYTES].to_numpy()
        return found

    @property
    def tokens(self) -> TokenArrays:
        """(documents,) the tokens of each document, without the end token."""
        lists = self.rows[TOKENS].combine_chunks()
        values = lists.values.to_numpy().astype(np.uint32)
        return [values[start:end] for start, end in itertools.pairwise(lists.offsets.to_numpy())]

    def sample(self, most_bytes: int, purpose: str) -> Self:
        """Documents with text, shuffled by the hash of their ids and the purpose, that begin in the first `most_bytes`.

        Mistake where no document has text.
        """
        order = np.argsort(uniform(self.rows[ID].combine_chunks(), 0, purpose), kind="stable")
        sizes = self.text_bytes[order]
        chosen = order[(sizes > 0) & (np.cumsum(sizes) - sizes < most_bytes)]
        if not len(chosen):
            raise Mistake("no held-out document has any text; give a held_out source that has some")
        return type(self)(self.rows.take(pa.array(chosen)))


def held_out_text(source: Source, data: BuiltData, store: Store) -> HeldOutText:
    """The whole source in the tokens of the data's codec, from the store or put there; one builder encodes."""
    target = held_out_address(source, data.encoded.address)
    encoder = Encode(codec=encoded_with(data.encoded))
    work = functools.partial(in_task, encoder.resources, _encoded, source, encoder, data, store, target)
    encoded = built_alone(store, target, work)
    return HeldOutText(store.read_table(encoded.shards[0]))


def held_out_address(source: Source, encoded: str) -> str:
    """Where the source is, or will be, in the tokens of the codec that made the data at the address `encoded`."""
    return address("held_out", {"held_out": ingredients(source)}, [encoded])


def _encoded(source: Source, encoder: Encode, data: BuiltData, store: Store, target: str) -> Manifest:
    files = codec_files(data.encoded, store)
    texts = read_all(source)
    rows = encoder.open({CODEC_FILES: files}, 0)(texts, Place.in_shard(0, 0, texts.num_rows)).rows
    text_bytes = int(pc.sum(rows[TEXT_BYTES]).as_py())
    shard = store.write_table(Attempt.begin(store, target).file("part-00000.parquet"), rows, text_bytes)
    return Manifest(
        address=target,
        name="held_out",
        kind="held_out",
        ingredients={"held_out": ingredients(source)},
        inputs=[data.encoded.address],
        shards=[shard],
        columns=columns_of(rows.schema),
        rows_in=rows.num_rows,
        bytes_in=text_bytes,
        rows=rows.num_rows,
        bytes=text_bytes,
    )
