"""Arithmetic coding by a model: what a token is, whose files are taken, and what is no text."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.codecs.ac import Ac
from pipelines.codecs.byte_models.order_k import OrderK, count
from pipelines.codecs.byte_models.static import count as count_bytes
from pipelines.codecs.byte_models.transformer import Transformer
from pipelines.codecs.entropy.asking_codec import in_model_folder
from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.static_ac import StaticAc
from pipelines.store.address import parameters

TEXTS = [
    b"The cat sat on the mat and looked at the small red bird.",
    b"When it rains, the children stay inside and read books; it's true, they'll say.",
    "Zażółć gęślą jaźń. ".encode(),
    b"",
    b"\xff\x00" * 20,
]
FILES = in_model_folder(count(TEXTS[:2], 3))


def test_the_model_is_asked_about_the_whole_document() -> None:
    """The tokens have the bits of the text's probability, of its end, and what fills the last token up."""
    predict = OrderK().open(count(TEXTS[:2], 3)).predict
    for text in TEXTS[:3]:
        cdfs = quantized_cdf(predict([text[:end] for end in range(len(text))]))
        letters = np.frombuffer(text, np.uint8)
        counts = cdfs[np.arange(len(text)), letters + 1] - cdfs[np.arange(len(text)), letters]
        bits = -np.log2(counts / (TOTAL + 1)).sum() + np.log2(TOTAL + 1)
        assert abs(8 * len(Ac(vocab=256).open(FILES).encode([text])[0]) - bits) <= 8


def test_wide_tokens_are_two_narrow_ones_filled_up() -> None:
    wide, narrow = Ac().open(FILES), Ac(vocab=256).open(FILES)
    assert (wide.vocab_size, wide.end, wide.window) == (65537, 65536, 0)
    assert (narrow.vocab_size, narrow.end, narrow.window) == (257, 256, 0)
    odd = 0
    for pairs, halves in zip(wide.encode(TEXTS), narrow.encode(TEXTS), strict=True):
        odd += len(halves) % 2
        halves_filled = [*halves.tolist(), *[0] * (len(halves) % 2)]
        assert [half for pair in pairs.tolist() for half in divmod(pair, 256)] == halves_filled
        assert narrow.decode_bytes(halves_filled) == narrow.decode_bytes(halves)
    assert odd


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_the_batch_changes_neither_tokens_nor_address(batch: int) -> None:
    codec = Ac(batch=batch)
    assert parameters(codec) == parameters(Ac())
    tokens = codec.open(FILES).encode(TEXTS)
    assert [each.tolist() for each in tokens] == [each.tolist() for each in Ac().open(FILES).encode(TEXTS)]
    assert codec.open(FILES).decode_many(tokens) == TEXTS


def test_an_empty_text_has_no_tokens() -> None:
    coder = Ac().open(FILES)
    assert [len(each) for each in coder.encode(["", b""])] == [0, 0]
    assert coder.decode_many([[], np.zeros(0, np.uint32)]) == [b"", b""]
    assert coder.encode([]) == coder.decode_many([]) == []
    with pytest.raises(ValueError, match="tokens of document 0"):
        coder.decode([0])


def test_tokens_that_are_not_one_whole_document_are_refused_by_number() -> None:
    coder = Ac(vocab=256).open(FILES)
    first, second = (each.tolist() for each in coder.encode(TEXTS[:2]))
    for broken in (second[:-1], second[: len(second) // 2], second[:1]):
        with pytest.raises(ValueError, match="tokens of document 1 end before its text does"):
            coder.decode_many([first, broken])
    for broken in (first + second, [*first, 0, 0, 0, 0, 0, 0, 0, 1]):
        with pytest.raises(ValueError, match="tokens of document 0 are none that a text is encoded to"):
            coder.decode_many([broken, second])


def test_tokens_of_another_model_are_refused() -> None:
    tokens = Ac().open(FILES).encode(TEXTS[:1])[0]
    with pytest.raises(ValueError, match="by the model that they were encoded by"):
        Ac().open(in_model_folder(count(TEXTS[1:], 3))).decode_bytes(tokens)


def test_the_files_are_those_of_the_model_in_a_folder() -> None:
    assert list(FILES) == ["model/order_k.counts"]
    for others in ({}, {"order_k.counts": b""}, FILES | {"codebook": b""}):
        with pytest.raises(ValueError, match="codec 'ac' needs the files of its byte model under model/"):
            Ac().open(others)
    with pytest.raises(ValueError, match="byte model 'static' needs"):
        Ac(model={"kind": "static"}).open(FILES)
    with pytest.raises(ValueError, match="cut off or edited"):
        Ac().open({name: content[:-1] for name, content in FILES.items()})


def test_a_neural_model_reads_documents_of_any_length_side_by_side(byte_transformer: Path) -> None:
    model, texts = Transformer(model=str(byte_transformer)), [b"cat", b"", b"the rain", b"a"]
    files = model.train(None, seed=0)  # type: ignore[arg-type]
    alone, together = (Ac(model=model, batch=batch).open(in_model_folder(files)) for batch in (1, 2))
    tokens = together.encode(texts)
    assert [each.tolist() for each in tokens] == [each.tolist() for each in alone.encode(texts)]
    assert together.decode_many(tokens) == texts
    assert together.flops_per_byte == model.open(files).flops_per_byte


def test_static_ac_is_ac_with_the_static_model() -> None:
    """One compiled loop a document against the general way."""
    files = in_model_folder(count_bytes(TEXTS[:2]))
    general, compiled = Ac(model={"kind": "static"}).open(files), StaticAc().open(files)
    tokens = compiled.encode(TEXTS)
    assert [each.tolist() for each in tokens] == [each.tolist() for each in general.encode(TEXTS)]
    assert compiled.decode_many(tokens) == general.decode_many(tokens) == TEXTS
