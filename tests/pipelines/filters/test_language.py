"""The compiled walk against the package whose model it walks, and what the filter makes of it."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from pydantic import ValidationError

from pipelines.contracts.filter import FilterFn
from pipelines.filters.language import Language, shared_model
from pipelines.texts.languages import SAMPLE_BYTES, LanguageModel, probabilities, sampled

ENGLISH = "She opened the door, looked at the rain for a while, and decided to stay at home with a book."
GERMAN = "Sie öffnete die Tür, sah eine Weile in den Regen und beschloss, mit einem Buch zu Hause zu bleiben."
FRENCH = "Elle ouvrit la porte, regarda un moment la pluie et décida de rester chez elle avec un livre."
RUSSIAN = "Она открыла дверь, посмотрела на дождь и решила остаться дома с хорошей книгой."


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return shared_model()


@pytest.fixture(scope="module")
def oracle() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@pytest.fixture(scope="module")
def judge() -> FilterFn:
    return Language().open()


texts = st.one_of(st.text(), st.sampled_from([ENGLISH, GERMAN.upper(), FRENCH * 20, RUSSIAN]))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(texts, min_size=1))
def test_probabilities_are_those_of_the_package(
    rows: list[str], model: LanguageModel, oracle: LanguageIdentifier
) -> None:
    texts = pa.array(rows, pa.string())
    for sample, row in zip(sampled(texts).to_pylist(), probabilities(model, texts), strict=True):
        ours: dict[str, float] = {}
        for language, chance in zip(model.languages, row.tolist(), strict=True):
            ours[language] = ours.get(language, 0.0) + chance
        assert ours == pytest.approx(dict(oracle.rank(sample)), abs=1e-4)


@given(st.text(min_size=1, max_size=30), st.integers(1, 200))
def test_a_sample_is_head_and_middle_in_whole_characters(piece: str, times: int) -> None:
    text = piece * times
    sample = sampled(pa.array([text])).to_pylist()[0]
    if len(text.encode()) <= 2 * SAMPLE_BYTES:
        assert sample == text
    else:
        length = len(sample.encode())
        assert 2 * SAMPLE_BYTES - 6 <= length - 1 <= 2 * SAMPLE_BYTES + 6
        head = next(cut for cut in range(SAMPLE_BYTES + 1) if len(text[: SAMPLE_BYTES - cut].encode()) <= SAMPLE_BYTES)
        assert sample.startswith(text[: SAMPLE_BYTES - head] + "\n")
        assert sample[SAMPLE_BYTES - head + 1 :] in text


def test_keeps_the_wanted_language(judge: FilterFn) -> None:
    rows = pa.array([ENGLISH, GERMAN, FRENCH, RUSSIAN, ENGLISH.upper()])
    assert judge(rows).to_pylist() == [None, "other_language", "other_language", "other_language", None]
    assert Language(keep=("de", "ru")).open()(rows).to_pylist()[:4] == ["other_language", None, "other_language", None]


def test_too_short_to_tell_is_kept(judge: FilterFn) -> None:
    assert judge(pa.array(["", "Bonjour tout le monde !"])).to_pylist() == [None, None]


def test_text_without_words_is_unclear_and_kept_at_probability_zero(judge: FilterFn) -> None:
    rows = pa.array(["0 1 2 3 4 5 6 7 8 9 = [[0., 1.], [2., 3.]] + 17 * 23 - 5 / 1", GERMAN])
    assert judge(rows).to_pylist() == ["unclear_language", "other_language"]
    assert Language(min_probability=0).open()(rows).to_pylist() == [None, "other_language"]


def test_unknown_languages_are_named() -> None:
    with pytest.raises(ValueError, match=r"no language qq; known: .*\ben\b"):
        Language(keep=("en", "qq")).open()
    with pytest.raises(ValidationError, match="keep"):
        Language(keep=("English",))
