"""Blobs, broken encodings, words that nobody could say."""

import base64
import hashlib
import random

import pyarrow as pa
import pytest

from pipelines.filters.scrambled import Scrambled

SENTENCE = "Nobody knows what the box holds, so we open it. "
KEPT = [
    SENTENCE,
    "Subclasses of AbstractSingletonProxyFactoryBean and np.float64, x86_64, utf8, iPhone or McDonald's are words.",
    "get_some_very_long_identifier_with_many_parts(argument_number_one=1) returns configuration_dictionary_of_lists",
    "https://example.org/a/very/long/path/that/somebody/typed/into/a/browser/some/day is a link",
    "Это обычный русский текст о погоде в городе.",
    "これは日本語の文章です。",
    "café naïve Ångström Ão « guillemets » – dashes — and “quotes”…",
    "Mr. Schwartz lends rhythm to hymns by the shy gypsy's crypt",
    "",
]


def reason(text: str, **limits: float) -> str | None:
    return Scrambled(**limits).open()(pa.array([text]))[0].as_py()


@pytest.mark.parametrize("text", KEPT)
def test_keeps_languages_and_identifiers(text: str) -> None:
    assert reason(text) is None


@pytest.mark.parametrize("seed", range(5))
def test_encoded_bytes(seed: int) -> None:
    noise = random.Random(seed).randbytes(60)
    for blob in (base64.b64encode(noise), base64.urlsafe_b64encode(noise), hashlib.sha256(noise).hexdigest().encode()):
        assert reason(f"{SENTENCE}The key is '{blob.decode()}'.") == "encoded"
        assert reason(f"{SENTENCE * 20}The key is '{blob.decode()}'.") is None


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252"])
def test_utf8_read_in_another_encoding(encoding: str) -> None:
    text = "Les élèves étaient très fâchés; où était le café préféré ? "
    assert reason(text) is None
    assert reason(text.encode().decode(encoding, "replace")) == "garbled"


def test_other_garbled_text() -> None:
    assert reason("The pri\ufffde is \ufffd100 today for this pair of shoes") == "garbled"
    assert reason("It\u0092s a trap, said the \u0093admiral\u0094 of it all") == "garbled"
    assert reason("\ue001 \uf8ff icon font") == "garbled"


def test_words_nobody_could_say() -> None:
    assert reason("thr wsnt nthng lft bhnd whn thy lft the hsspt blzzrd") == "vowelless_words"
    assert reason("We saw xK3jQ9 and pL0z8Rt4 and then a7B2c9 there") == "mixed_words"


def test_the_limit_is_the_users() -> None:
    text = "one brrr is a word that nobody minds"
    assert reason(text, vowelless_words=0.0) == "vowelless_words"
    assert reason(text, vowelless_words=0.2) is None
