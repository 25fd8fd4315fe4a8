"""Arithmetic coding by the frequency of bytes: its bits, and whose files it takes."""

import numpy as np
import pytest

from pipelines.codecs.byte_models.static import count
from pipelines.codecs.entropy.asking_codec import in_model_folder
from pipelines.codecs.static_ac import StaticAc

TEXT = b"When it rains, the children stay inside and read books; it's true, they'll say."
FILES = in_model_folder(count([TEXT * 5000]))


def test_the_order_of_bytes_does_not_matter_to_the_length() -> None:
    coder = StaticAc(vocab=256).open(FILES)
    as_it_is, sorted_bytes = coder.encode([TEXT * 50, bytes(sorted(TEXT * 50))])
    assert abs(len(as_it_is) - len(sorted_bytes)) <= 1
    counts = np.bincount(np.frombuffer(TEXT, np.uint8))
    shares = counts[counts > 0] / len(TEXT)
    entropy = -(shares * np.log2(shares)).sum()
    assert 8 * len(as_it_is) / len(TEXT * 50) == pytest.approx(entropy, rel=0.02)


def test_texts_are_decoded_one_and_all() -> None:
    coder, texts = StaticAc().open(FILES), [TEXT, b"", bytes(100_000), bytes(range(256)) * 9]
    tokens = coder.encode(texts)
    assert coder.decode_many(tokens) == [coder.decode_bytes(each) for each in tokens] == texts
    assert (coder.vocab_size, coder.end, coder.window, coder.flops_per_byte) == (65537, 65536, 0, 0.0)


def test_tokens_that_are_not_one_whole_document_are_refused_by_number() -> None:
    coder = StaticAc().open(FILES)
    tokens = coder.encode([TEXT])[0].tolist()
    with pytest.raises(ValueError, match="tokens of document 1 end before its text does"):
        coder.decode_many([tokens, tokens[:-2]])
    with pytest.raises(ValueError, match="tokens of document 0 are none that a text is encoded to"):
        coder.decode_many([tokens + tokens, tokens])


def test_the_files_are_those_of_the_static_model_in_a_folder() -> None:
    assert StaticAc(sample_bytes=9).model.sample_bytes == 9
    with pytest.raises(ValueError, match="codec 'static_ac' needs the files of its byte model under model/"):
        StaticAc().open({"static.counts": b""})
    with pytest.raises(ValueError, match="byte model 'static' needs"):
        StaticAc().open({"model/order_k.counts": b""})
    with pytest.raises(ValueError, match="cut off or edited"):
        StaticAc().open({name: content[:-1] for name, content in FILES.items()})
