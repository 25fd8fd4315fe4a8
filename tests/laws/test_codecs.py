"""What holds for every kind of codec, so that a new file is tested the moment it exists."""

import functools
import itertools
import json
import pickle
import re
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.bpe import Bpe
from pipelines.codecs.entropy.asking_codec import MODEL_FOLDER
from pipelines.codecs.of_model import OfModel
from pipelines.codecs.tokenizer.byte_level import END_TEXT
from pipelines.contracts.codec import Codec, Coder
from pipelines.contracts.component import Component, component_in, kinds
from pipelines.sources.reading.documents import identify

GOLDEN = Path(__file__).parents[1] / "golden" / "codecs.json"
PARAMETERS = {"of_model": {"model": "the model of the laws"}}  # which `trained` makes
SPECS = [
    *({"kind": kind, **PARAMETERS.get(kind, {})} for kind in kinds(Codec.family)),
    {"kind": "gzip", "vocab": 65536},
    {"kind": "ac", "vocab": 256},
    {"kind": "static_ac", "vocab": 256},
    {"kind": "equal_info", "vocab": 256},
    {"kind": "equal_info", "rule": "greedy"},
    {"kind": "equal_info", "bits": 24},
    {"kind": "equal_info", "bits": 32, "vocab": 256},
    {"kind": "equal_info", "bits": 64, "reset": "every_other"},
    {"kind": "equal_info", "bits": 128, "reset": "never"},
    {"kind": "translation", "target": {"kind": "gzip"}, "piece": 16},
    {"kind": "equal_info_dense", "entries": 1000, "model": {"kind": "static"}},
]
CODECS = {json.dumps(spec): Codec.model_validate(spec) for spec in SPECS}
pytestmark = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
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
BROKEN = [bytes(range(256)), b"\xff\xfe\x00", "é".encode()[:1], b"text \xf0\x9f\x91", b"\x80" * 40, b"\0" * 9]
strings = st.one_of(st.sampled_from(ODD), st.text(max_size=100), st.text("ab \n.'<|end>é", max_size=60))
anything = st.one_of(st.sampled_from(BROKEN), st.binary(max_size=80), strings.map(str.encode))


@functools.cache
def trained(codec: Codec) -> dict[str, bytes]:
    rows = identify(pa.table({"text": CORPUS}), "corpus").sort_by("id")

    def sample(*_: object) -> list[str]:
        return rows["text"].to_pylist()

    if isinstance(codec, OfModel):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in Bpe(vocab=300).tokenizer_files(Bpe(vocab=300).train(sample, 1)).items():
                Path(folder, name).write_bytes(content)
            return codec.model_copy(update={"model": folder}).train(sample, seed=1)
    return codec.train(sample, seed=1)


@functools.cache
def coder_of(codec: Codec) -> Coder:
    return codec.open(trained(codec))


def is_taken(codec: Codec, text: bytes) -> bool:
    """Whether the codec reads these bytes: these two read UTF-8 alone, as their documentation says."""
    return not isinstance(codec, Bpe | OfModel) or text.decode("utf-8", "ignore").encode() == text


def test_file_holds_its_kind(codec: Codec) -> None:
    component = component_in(f"{Codec.family}.{codec.kind}", Codec)
    assert component.__name__.lower() == codec.kind.replace("_", "")
    assert component.__doc__


def test_round_trips_through_yaml_and_pickle(codec: Codec) -> None:
    dumped = yaml.safe_dump(codec.model_dump(mode="json", serialize_as_any=True))
    assert Codec.model_validate(yaml.safe_load(dumped)) == codec
    assert pickle.loads(pickle.dumps(codec)) == codec
    assert hash(pickle.loads(pickle.dumps(codec))) == hash(codec)


def test_a_codec_that_loses_text_says_why(codec: Codec) -> None:
    assert codec.lossless or "not uniquely decodable" in (type(codec).__doc__ or "")


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_decode_undoes_encode(codec: Codec, texts: list[str]) -> None:
    coder = coder_of(codec)
    if codec.lossless:
        assert [coder.decode(tokens) for tokens in coder.encode(texts)] == texts


@given(text=anything)
@settings(deadline=None)
def test_any_bytes_come_back(codec: Codec, text: bytes) -> None:
    coder = coder_of(codec)
    if not is_taken(codec, text):
        with pytest.raises(ValueError, match="reads UTF-8"):
            coder.encode([text])
    elif codec.lossless:
        assert coder.decode_bytes(coder.encode([text])[0]) == text


LONG = [b"x" * 1_000_000, b" " * 1_000_000, bytes(1_000_000), np.random.default_rng(0).bytes(100_000)]


@pytest.mark.parametrize("text", LONG)
def test_long_texts_come_back(codec: Codec, text: bytes) -> None:
    """A codec that asks its model for each byte of a document needs about 20 us for it: it gets a fiftieth."""
    text = text[: len(text) // 50] if any(name.startswith(MODEL_FOLDER) for name in trained(codec)) else text
    if is_taken(codec, text) and codec.lossless:
        assert coder_of(codec).decode_bytes(coder_of(codec).encode([text])[0]) == text


def test_a_text_that_ends_anywhere_comes_back(codec: Codec) -> None:
    coder, text = coder_of(codec), CORPUS[2] + CORPUS[3] * 3
    starts = [text[:end] for end in range(len(text))]
    if codec.lossless:
        assert coder.decode_many(coder.encode(starts)) == [text.encode() for text in starts]


def test_a_stream_is_decoded_window_by_window(codec: Codec) -> None:
    coder = coder_of(codec)
    for tokens in coder.encode(["", "é", " ".join(CORPUS[:5])]):
        coming = iter(tokens.tolist())
        pieces, left = [], []
        for piece in coder.decode_stream(coming):
            pieces.append(piece)
            left.append(coming.__length_hint__())
        assert b"".join(pieces) == coder.decode_bytes(tokens)
        ends = [(number + 1) * (coder.window or len(tokens)) for number in range(len(pieces))]
        assert left == [max(0, len(tokens) - end) for end in ends]


def test_a_window_that_no_text_has_is_named(codec: Codec) -> None:
    coder = coder_of(codec)
    if coder.window:
        tokens, wrong = coder.encode(["".join(CORPUS[:20])])[0][: 3 * coder.window].tolist(), [coder.end] * coder.window
        stream = coder.decode_stream([*tokens, *wrong])
        assert b"".join(itertools.islice(stream, 3)) == coder.decode_bytes(tokens)
        with pytest.raises(ValueError, match=re.escape(f"window 3 is {wrong}, which stands for no text")):
            next(stream)


def test_a_string_is_its_utf8(codec: Codec) -> None:
    coder = coder_of(codec)
    as_text, as_data = coder.encode(ODD), coder.encode([text.encode() for text in ODD])
    assert [tokens.tolist() for tokens in as_text] == [tokens.tolist() for tokens in as_data]


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_tokens_are_numbers_below_the_vocabulary_and_never_the_end(codec: Codec, texts: list[str]) -> None:
    coder = coder_of(codec)
    for tokens in coder.encode(texts):
        assert tokens.dtype == np.uint32
        assert not len(tokens) or tokens.max() < coder.vocab_size
        assert coder.end not in tokens


@given(texts=st.lists(strings, max_size=5))
@settings(deadline=None)
def test_a_text_is_encoded_the_same_alone_and_in_company(codec: Codec, texts: list[str]) -> None:
    coder = coder_of(codec)
    alone = [coder.encode([text])[0].tolist() for text in texts]
    assert [tokens.tolist() for tokens in coder.encode(texts)] == alone


def test_a_codec_says_before_it_is_trained_whether_it_decodes_whole_documents_only(codec: Codec) -> None:
    assert codec.decodes_whole == (coder_of(codec).window == 0)


def test_the_end_is_a_token(codec: Codec) -> None:
    assert 0 <= coder_of(codec).end < coder_of(codec).vocab_size


def test_the_end_is_not_decoded(codec: Codec) -> None:
    coder = coder_of(codec)
    for token in (coder.end, coder.vocab_size):
        with pytest.raises(ValueError, match="token"):
            coder.decode_bytes([token, token])


def test_the_same_files_give_the_same_coder(codec: Codec) -> None:
    again = codec.open(pickle.loads(pickle.dumps(trained(codec))))
    assert [tokens.tolist() for tokens in again.encode(ODD)] == [t.tolist() for t in coder_of(codec).encode(ODD)]


def test_files_of_another_codec_are_refused(codec: Codec) -> None:
    with pytest.raises(ValueError, match=codec.kind):
        codec.open({"nothing-of-the-kind": b"x"})


def test_tokens_are_those_of_this_version(codec: Codec, request: pytest.FixtureRequest) -> None:
    """Where tokens have to change, so has the codec's or its byte model's `version`, in the same commit as the file."""
    golden = json.loads(GOLDEN.read_text("utf-8"))[request.node.callspec.id]
    model = getattr(codec, "model", None)
    assert golden["version"] == [codec.version, *([model.version] if isinstance(model, Component) else [])]
    tokens = coder_of(codec).encode(["Number 7 says: one, two <|end|> é👩 ", "x" * 20, "\0\0cat\0"])
    assert [each.tolist() for each in tokens] == golden["tokens"]
