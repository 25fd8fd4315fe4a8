import re

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.texts.ngrams import ngrams, overlap

TEXTS = st.lists(st.text(alphabet="abAB1é,. \n", max_size=60), max_size=8)


def words(text: str) -> list[str]:
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    return re.findall(r"[a-z0-9\u0080-\U0010ffff]+", folded)


def grams(text: str, n: int) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]


@given(TEXTS, TEXTS)
def test_overlap_is_that_of_comparing_words(texts: list[str], held_out: list[str]) -> None:
    known = np.unique(ngrams(pa.array(held_out, pa.string()), 3)[0])
    total, shared, first, _ = overlap(pa.array(texts, pa.string()), 3, known)
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
    _, _, _, byte = overlap(pa.array(["nothing here at all", "é one Red, GREEN blue"]), 3, known)
    assert byte[1] == len("é one ".encode())


def test_a_slice_of_an_array_is_read_at_its_place() -> None:
    texts = pa.array(["skip this one", "red green blue", "tail"])
    assert ngrams(texts.slice(1, 1), 3)[0].tolist() == ngrams(pa.array(["red green blue"]), 3)[0].tolist()
