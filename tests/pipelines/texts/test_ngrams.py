import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.folding import lettered
from pipelines.texts.ngrams import ngrams, overlap, prefix_index

TEXTS = st.lists(st.text(alphabet="abAB1éÉﬁ_,.—’ \n\u00a0\u3000\u0301\u200d中あไ้", max_size=60), max_size=8)


def words(text: str) -> list[str]:
    """Letters and digits with the combining marks behind them; a Chinese, Japanese or Thai character by itself."""
    folded = unicodedata.normalize("NFKC", text.replace("\u200d", "")).lower()
    return re.findall(r"[中あไ้]|[^\W_中あไ][^\W_中あไ\u0301]*(?:\u0301+[^\W_中あไ]*)*", folded)


def grams(text: str, n: int) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_overlap_is_that_of_comparing_words(texts: list[str], held_out: list[str]) -> None:
    known = np.unique(ngrams(lettered(pa.array(held_out, pa.string())), 3)[0])
    total, shared, first, _ = overlap(lettered(pa.array(texts, pa.string())), 3, known, prefix_index(known))
    wanted = {gram for text in held_out for gram in grams(text, 3)}
    for row, text in enumerate(texts):
        mine = grams(text, 3)
        assert total[row] == len(mine)
        assert shared[row] == sum(gram in wanted for gram in mine)
        assert (first[row] >= 0) == (shared[row] > 0)


def test_every_gram_has_its_text() -> None:
    _, owners = ngrams(pa.array(["one two three four", "", "five six seven"]), 3)
    assert owners.tolist() == [0, 0, 2]


def test_the_place_of_the_first_match_counts_from_the_start_of_its_text() -> None:
    known = np.unique(ngrams(pa.array(["red green blue"]), 3)[0])
    _, _, _, byte = overlap(pa.array(["nothing here at all", "é one red, green blue"]), 3, known, prefix_index(known))
    assert byte[1] == len("é one ".encode())


def test_a_slice_of_an_array_is_read_at_its_place() -> None:
    texts = pa.array(["skip this one", "red green blue", "tail"])
    assert ngrams(texts.slice(1, 1), 3)[0].tolist() == ngrams(pa.array(["red green blue"]), 3)[0].tolist()


@pytest.mark.parametrize("n", [1, 2, 13])
def test_two_grams_are_equal_only_where_all_their_words_are(n: int) -> None:
    numbers = np.random.default_rng(0).integers(0, 3, 4000)
    found, _ = ngrams(pa.array([" ".join(f"w{number}" for number in numbers)]), n)
    wanted = [tuple(numbers[at : at + n]) for at in range(len(numbers) - n + 1)]
    assert len(found) == len(wanted)
    assert len(set(zip(found.tolist(), wanted, strict=True))) == len(set(found.tolist())) == len(set(wanted))
