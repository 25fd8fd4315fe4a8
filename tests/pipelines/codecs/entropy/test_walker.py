"""The compiled walk over made-up codebooks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.entropy.codebook import Codebook
from pipelines.codecs.entropy.walker import Walker

SINGLE = [bytes([byte]) for byte in range(256)]


def codebook_of(words: list[bytes]) -> Codebook:
    """The dictionary of all single bytes and the words with all that they begin with."""
    prefixes = {word[:end] for word in words for end in range(2, len(word) + 1)}
    strings = [b"", *SINGLE, *sorted(prefixes, key=lambda text: (len(text), text))]
    number = {text: place for place, text in enumerate(strings)}
    return Codebook(
        parents=np.array([number[text[:-1]] for text in strings], np.int32),
        letters=np.array([0, *(text[-1] for text in strings[1:])], np.uint8),
        codes=np.array([0, *range(len(strings) - 1)], np.int32),
        taken=np.array([len(text) for text in strings], np.int32),
    )


words = st.lists(
    st.binary(min_size=2, max_size=20) | st.text("ab", min_size=2, max_size=20).map(str.encode), max_size=40
)


@given(words=words, order=st.randoms())
@settings(deadline=None)
def test_any_dictionary_gives_the_text_back_in_longest_matches(words: list[bytes], order) -> None:
    codebook = codebook_of(words)
    walker, meanings = Walker(codebook), dict(codebook.meanings())
    texts = [b"", b"".join(words), b"".join(order.sample(words, len(words))), bytes(range(256))]
    for text, codes in zip(texts, walker.encode(texts), strict=True):
        assert walker.decode(codes) == text
        at = 0
        for code in codes.tolist():
            longer = text[at : at + len(meanings[code]) + 1]
            assert longer == meanings[code] or longer not in meanings.values()
            at += len(meanings[code])


def test_texts_longer_than_a_head_are_decoded_whole() -> None:
    walker = Walker(codebook_of([b"a long word of the dictionary", b"a lot"]))
    text = b"a long word of the dictionarya lotx"
    assert len(walker.encode([text])[0]) == 3
    assert walker.decode(walker.encode([text])[0]) == text


def test_a_code_that_stands_for_nothing_is_refused_with_its_place() -> None:
    walker = Walker(codebook_of([]))
    for code in (256, -1, 10**9):
        with pytest.raises(ValueError, match=f"token 2 is {code}, which stands for no text"):
            walker.decode([65, 66, code, 67])


def test_threads_share_a_walker() -> None:
    walker = Walker(codebook_of([b"the", b"then", b"cat"]))
    texts = [b"the cat then" * n for n in range(50)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda text: walker.encode([text])[0].tolist(), texts))
    assert together == [codes.tolist() for codes in walker.encode(texts)]
