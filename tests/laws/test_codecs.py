"""What holds for every kind of codec, so that a new file is tested the moment it exists."""

import functools
import pickle

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.bpe import END_TEXT
from pipelines.component import component_in, kinds
from pipelines.contracts import Codec, Coder
from pipelines.documents import identify

pytestmark = [
    pytest.mark.parametrize("kind", kinds(Codec.family)),
    pytest.mark.usefixtures("ray_session"),
]
CORPUS = [f"Number {n} of a few sentences, which say: {word}." for n in range(50) for word in ("one", "two", "<|end|>")]
ODD = [
    "",
    " ",
    "\x00\x01\x1f\x7f\x85",
    END_TEXT,
    f"a {END_TEXT}{END_TEXT} b",
    "\ufeff\ufffd\uffff",
    "e\u0301" * 30,
    "👩‍👩‍👧‍👦 \U0010ffff",
    "これは日本語の文章です。",
    "\r\n\r\n \t ",
    "word " * 500,
    "x" * 5000,
]
strings = st.one_of(st.sampled_from(ODD), st.text(max_size=100), st.text("ab \n.'<|end>é", max_size=60))


@functools.cache
def trained(kind: str) -> dict[str, bytes]:
    import ray.data

    rows = identify(pa.table({"text": CORPUS}), "corpus")
    return Codec.model_validate({"kind": kind}).train(ray.data.from_arrow(rows.select(["id", "text"])), seed=1)


@functools.cache
def coder_of(kind: str) -> Coder:
    return Codec.model_validate({"kind": kind}).open(trained(kind))


def test_file_holds_its_kind(kind: str) -> None:
    component = component_in(f"{Codec.family}.{kind}", Codec)
    assert component.__name__.lower() == kind.replace("_", "")
    assert component.__doc__


def test_round_trips_through_yaml_and_pickle(kind: str) -> None:
    spec = Codec.model_validate({"kind": kind})
    assert (
        Codec.model_validate(yaml.safe_load(yaml.safe_dump(spec.model_dump(mode="json", serialize_as_any=True))))
        == spec
    )
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert hash(pickle.loads(pickle.dumps(spec))) == hash(spec)


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_decode_undoes_encode(kind: str, texts: list[str]) -> None:
    coder = coder_of(kind)
    assert [coder.decode(tokens) for tokens in coder.encode(texts)] == texts


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_tokens_are_numbers_below_the_vocabulary_and_never_the_end(kind: str, texts: list[str]) -> None:
    coder = coder_of(kind)
    for tokens in coder.encode(texts):
        assert tokens.dtype == np.uint32
        assert not len(tokens) or tokens.max() < coder.vocab_size
        assert coder.end not in tokens


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_a_text_is_encoded_the_same_alone_and_in_company(kind: str, texts: list[str]) -> None:
    coder = coder_of(kind)
    alone = [coder.encode([text])[0].tolist() for text in texts]
    assert [tokens.tolist() for tokens in coder.encode(texts)] == alone


def test_the_end_is_a_token(kind: str) -> None:
    assert 0 <= coder_of(kind).end < coder_of(kind).vocab_size


def test_the_same_files_give_the_same_coder(kind: str) -> None:
    again = Codec.model_validate({"kind": kind}).open(pickle.loads(pickle.dumps(trained(kind))))
    assert [tokens.tolist() for tokens in again.encode(ODD)] == [t.tolist() for t in coder_of(kind).encode(ODD)]


def test_files_of_another_codec_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        Codec.model_validate({"kind": kind}).open({"nothing-of-the-kind": b"x"})
