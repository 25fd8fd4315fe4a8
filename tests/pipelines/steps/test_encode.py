"""Step `encode`: what it adds, what it proves, and that a store alone is enough to decode."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from pipelines.codecs.byte_models.order_k import OrderK
from pipelines.codecs.bytes import Bytes
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.rows import Verify
from pipelines.contracts.step import Place
from pipelines.steps.encode import SAMPLE_BYTES, Encode
from pipelines.store.encoded import open_coder
from pipelines.store.store import Store

TEXTS = ["", "Two words", "é" * 9, "a longer text of some words " * 20]


def table(texts: Sequence[str]) -> pa.Table:
    ids = [f"{number:032x}" for number in range(len(texts))]
    return pa.table({"id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.string())})


def encode(step: Encode, texts: Sequence[str], files: dict[str, bytes] | None = None):
    return step.open({"codec": files or {}}, seed=0)(table(texts), Place.in_shard(0, 0, len(texts)))


class ForgetfulCoder(Coder):
    vocab_size, end = 257, 256

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        return Bytes().open({}).encode([as_bytes(text)[:9] for text in texts])

    def decode_bytes(self, tokens: Tokens) -> bytes:
        return Bytes().open({}).decode_bytes(tokens)


class Forgetful(Codec):
    """Keeps nine bytes of a text."""

    promises: ClassVar[bool] = True

    @property
    def lossless(self) -> bool:
        return self.promises

    def open(self, files: dict[str, bytes]) -> Coder:
        return ForgetfulCoder()


class Admitting(Forgetful):
    """Keeps nine bytes of a text, and says so."""

    promises = False


def test_every_document_has_its_counts() -> None:
    outcome = encode(Encode(codec=Bytes()), TEXTS)
    assert outcome.rows["token_count"].to_pylist() == [len(text.encode()) for text in TEXTS]
    assert outcome.rows["text_bytes"].to_pylist() == [len(text.encode()) for text in TEXTS]
    assert [bytes(tokens).decode() for tokens in outcome.rows["tokens"].to_pylist()] == TEXTS
    assert outcome.counts["tokens"] == sum(len(text.encode()) for text in TEXTS)


def test_no_documents_are_no_tokens() -> None:
    outcome = encode(Encode(codec=Bytes()), [])
    assert outcome.rows.schema == encode(Encode(codec=Bytes()), TEXTS).rows.schema
    assert outcome.rows.num_rows == outcome.counts["round_trips_checked"] == 0


def test_columns_of_an_earlier_encoding_are_replaced() -> None:
    step = Encode(codec=Bytes())
    once = encode(step, TEXTS).rows
    again = step.open({"codec": {}}, seed=0)(once, Place.in_shard(0, 0, once.num_rows)).rows
    assert again.equals(once)


@pytest.mark.parametrize(("verify", "checked"), [("sample", SAMPLE_BYTES // 1000), ("all", 200)])
def test_a_sample_or_all_is_decoded_again(verify: Verify, checked: int) -> None:
    outcome = encode(Encode(codec=Bytes(), verify=verify), ["x" * 1000] * 200)
    assert outcome.counts["round_trips_checked"] == outcome.counts["round_trips"] == checked


def test_of_long_documents_the_shortest_is_checked() -> None:
    outcome = encode(Encode(codec=Bytes()), ["x" * 3 * SAMPLE_BYTES, "y" * 2 * SAMPLE_BYTES])
    assert outcome.counts["round_trips_checked"] == 1


def test_a_lossless_codec_that_loses_a_text_is_stopped_with_its_id() -> None:
    with pytest.raises(ValueError, match=r"does not give document '0{31}2' back"):
        encode(Encode(codec=Forgetful()), TEXTS)


def test_a_codec_that_admits_losses_is_counted() -> None:
    counts = encode(Encode(codec=Admitting()), TEXTS).counts
    assert (counts["round_trips_checked"], counts["round_trips"]) == (4, 2)


def test_what_a_model_spends_is_counted(byte_transformer: Path) -> None:
    codec = Codec.model_validate({"kind": "ac", "model": {"kind": "transformer", "model": str(byte_transformer)}})
    files = codec.train(None, seed=0)  # type: ignore[arg-type]
    assert encode(Encode(codec=codec), TEXTS, files).counts["flops"] == codec.open(files).flops_per_byte * sum(
        len(text.encode()) for text in TEXTS
    )


@pytest.mark.parametrize("kind", ["equal_info_dense", "ac"])
def test_a_store_that_was_moved_is_decoded_without_the_model_it_was_made_with(
    ingested, applied, store: Store, tmp_path: Path, byte_transformer: Path, kind: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(byte_transformer, folder)
    spec = {"kind": kind, "model": {"kind": "transformer", "model": str(folder)}}
    if kind == "equal_info_dense":
        spec["entries"] = 400
    encoded, rows = applied(ingested(TEXTS[1:]), {"kind": "encode", "codec": spec, "verify": "all"})
    shutil.rmtree(folder)
    moved = Store(str(tmp_path / "moved"))
    shutil.copytree(store.path(""), moved.path(""))
    manifest = moved.manifest(encoded.address)
    coder = open_coder(manifest, moved)
    decoded = [coder.decode(tokens) for tokens in rows["tokens"].to_pylist()]
    assert sorted(decoded) == sorted(TEXTS[1:])
    assert manifest.counts["round_trips"] == len(decoded)


def test_another_codec_file_than_the_tokens_were_made_with_is_refused(ingested, applied, store: Store) -> None:
    spec = {"kind": "encode", "codec": {"kind": "equal_info_dense", "entries": 300}}
    mine, _ = applied(ingested(TEXTS[1:]), spec)
    other, _ = applied(ingested(["Another corpus altogether, " * 9]), spec)
    store.write(mine.files["codec/codebook"], store.read(other.files["codec/codebook"]))
    with pytest.raises(ValueError, match="is not the file that the tokens of encode-"):
        open_coder(mine, store)


def test_tokens_of_another_version_of_the_codec_are_refused(ingested, applied, store: Store, monkeypatch) -> None:
    encoded, _ = applied(ingested(TEXTS[1:]), {"kind": "encode", "codec": {"kind": "equal_info_dense", "entries": 300}})
    open_coder(encoded, store)
    monkeypatch.setattr(OrderK, "version", 99)
    with pytest.raises(ValueError, match="version 1 of 'order_k', which is at 99 now"):
        open_coder(encoded, store)
