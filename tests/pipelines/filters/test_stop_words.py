"""The small words of a language."""

import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.filters.stop_words import StopWords


def test_different_words_count_not_repeats_or_parts() -> None:
    rows = pa.array(["The cat and a dog", "the the THE the", "theory of toast", "To-do (with care)", ""])
    assert StopWords().open()(rows).to_pylist() == [None, "few_stop_words", "few_stop_words", None, "few_stop_words"]


def test_another_language() -> None:
    judge = StopWords(words=("der", "die", "und"), min_different=2).open()
    assert judge(pa.array(["Die Katze und der Hund", "The cat and the dog"])).to_pylist() == [None, "few_stop_words"]


@pytest.mark.parametrize("word", ["", "Upper", "a b", "für", "x.*"])
def test_a_word_that_cannot_be_searched_is_refused(word: str) -> None:
    with pytest.raises(ValidationError, match="leave it out"):
        StopWords(words=("the", word))
