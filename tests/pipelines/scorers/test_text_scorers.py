"""The scorers that need no model and no corpus, against slow definitions and known values."""

import math
import re
import zlib
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.contracts.rows import TEXT
from pipelines.contracts.scorer import Scorer
from pipelines.scorers.compression_ratio import CompressionRatio
from pipelines.scorers.length import Length
from pipelines.scorers.readability import Readability, syllable_counter
from pipelines.scorers.sentence_length import SentenceLength
from pipelines.scorers.unigram_entropy import UnigramEntropy
from pipelines.texts.arrays import utf8
from pipelines.texts.classes import character_classes
from pipelines.texts.words import classify

MIXED = st.lists(st.text(st.one_of(st.sampled_from("ab. \n\t_-'éß日。\u00a0\u3000🙂"), st.characters())), max_size=8)
MIXED_TEXTS = MIXED.map(lambda texts: [re.sub("[\ud800-\udfff]", "", text) for text in texts])


def scores(scorer: Scorer, *texts: str) -> list[float]:
    return scorer.open({})(pa.table({TEXT: pa.array(texts, pa.string())})).values.tolist()


@settings(deadline=None)
@given(MIXED_TEXTS)
def test_lengths_are_those_of_python(texts: list[str]) -> None:
    assert scores(Length(), *texts) == [len(text) for text in texts]
    assert scores(Length(unit="bytes"), *texts) == [len(text.encode()) for text in texts]


def test_letters_of_scripts_without_spaces_are_words() -> None:
    texts = ["", "two words", "今天天气很好，我们", "我们用Python。", "ไปเที่ยว", "コーヒー 한국어 한국"]
    assert scores(Length(unit="words"), *texts) == [0, 2, 8, 4, 8, 6]


@pytest.mark.parametrize(
    ("text", "mean_words"),
    [
        ("", 0),
        (" \n ", 0),
        ("One two three.", 3),
        ("One two. Three four five six.", 3),
        ('He said: "Go." Then he left!', 3),
        ("Mr. Smith met J. Doe vs. nobody. Good.", 4),
        ("It cost approx. ten coins. Fine.", 3),
        ("A title\n\nThen one sentence.", 2.5),
        ("No stop at\nthe line end.", 6),
        ("Wait... What?! Yes.", 1),
        ("今日は 晴れ。 明日は 雨？", 4.5),
        ("今天天气很好。我们去公园！", 5.5),
        ("他说：“走吧。”然后离开。", 4),
        ("She lives in the U.S. Army base. Good.", 4),
        ('They met "Dr. Who" there. Good.', 3),
        ("It is 3.5. Good.", 2),
    ],
)
def test_mean_words_a_sentence(text: str, mean_words: float) -> None:
    assert scores(SentenceLength(), text, "x " + text)[0] == pytest.approx(mean_words)


def test_syllables_of_common_words() -> None:
    known = {
        "cat": 1, "table": 2, "make": 1, "the": 1, "walked": 1, "wanted": 2, "simple": 2, "beautiful": 3, "idea": 2,
        "readability": 5, "Mississippi": 4, "café": 2, "don't": 1, "free": 1, "whale": 1, "reading": 2, "sky": 1,
    }  # fmt: skip
    data, offsets = utf8(pa.array(list(known)))
    words, syllables = syllable_counter()(data, classify(data, character_classes()), offsets)
    assert words.tolist() == [1] * len(known)
    assert dict(zip(known, syllables.tolist(), strict=True)) == known


def test_flesch_formulas() -> None:
    text = "The cat sat on the mat. It was happy."  # 2 sentences, 9 words, 10 syllables
    assert scores(Readability(), text) == pytest.approx([0.39 * 9 / 2 + 11.8 * 10 / 9 - 15.59])
    assert scores(Readability(formula="ease"), text) == pytest.approx([206.835 - 1.015 * 9 / 2 - 84.6 * 10 / 9])
    hard = (
        "Notwithstanding considerable institutional opposition, administrators implemented extraordinary regulations."
    )
    assert scores(Readability(), hard)[0] > scores(Readability(), text)[0] + 10


def test_compression_is_that_of_the_library() -> None:
    texts = ["", "a", "abc " * 500, "日本" * 40]
    expected = [len(text.encode()) / len(zlib.compress(text.encode(), 6)) for text in texts]
    assert scores(CompressionRatio(), *texts) == expected
    fast, best = (
        scores(CompressionRatio(method="zstd", level=level), " ".join(map(str, range(3000)))) for level in (1, 19)
    )
    assert best[0] > fast[0] > 1
    with pytest.raises(ValidationError, match="levels 1 to 9"):
        CompressionRatio(level=10)


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab. \né日")), max_size=6))
def test_entropy_is_that_of_the_counts(texts: list[str]) -> None:
    for text, bits in zip(texts, scores(UnigramEntropy(), *texts), strict=True):
        counts = Counter(re.findall(r"日|[^\W日]+|[^\w\s]+", text))
        total = sum(counts.values())
        assert bits == pytest.approx(-sum(n / total * math.log2(n / total) for n in counts.values()), abs=1e-9)


def test_entropy_of_known_texts() -> None:
    assert scores(UnigramEntropy(), "", "a A a", "a b c d", "One two. Three four?") == pytest.approx(
        [0, 0, 2, math.log2(6)]
    )
