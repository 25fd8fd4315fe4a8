"""The compiled repetition filter against a slow one that is obviously right."""

from collections import Counter, defaultdict
from itertools import chain, groupby

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.filters.repetition import Repetition

Block = list[str]  # words


def duplicates(blocks: list[Block]) -> list[Block]:
    return [block for index, block in enumerate(blocks) if block in blocks[:index]]


def characters(words: Block) -> int:
    return sum(map(len, words))


def top_ngram_share(words: Block, size: int) -> float:
    places: dict[tuple[str, ...], set[int]] = defaultdict(set)
    counts: Counter[tuple[str, ...]] = Counter()
    for first in range(len(words) - size + 1):
        ngram = tuple(words[first : first + size])
        counts[ngram] += 1
        places[ngram] |= set(range(first, first + size))
    (top, most), *_ = counts.most_common(1) or [((), 0)]  # of equally frequent ones the first
    return characters([words[place] for place in places[top]]) / characters(words) if most > 1 else 0.0


def duplicate_ngram_share(words: Block, size: int) -> float:
    ngrams = [tuple(words[first : first + size]) for first in range(len(words) - size + 1)]
    covered = {
        first + offset for first, ngram in enumerate(ngrams) if ngram in ngrams[:first] for offset in range(size)
    }
    return characters([words[place] for place in covered]) / characters(words)


def shares(text: str, ngram_min_words: int) -> dict[str, float]:
    """Every share in the order of the rules; those of n-grams only for texts that are judged by them."""
    lines = [line.split() for line in text.split("\n")]
    runs = [list(run) for filled, run in groupby(lines, key=bool) if filled]
    found = {}
    for name, blocks in (("line", list(chain(*runs))), ("paragraph", [list(chain(*run)) for run in runs])):
        repeated = duplicates(blocks)
        found[f"duplicate_{name}s"] = len(repeated) / max(len(blocks), 1)
        found[f"duplicate_{name}_characters"] = sum(map(characters, repeated)) / max(characters(text.split()), 1)
    words = text.split()
    if words and len(words) >= ngram_min_words:
        found |= {f"top_{size}_gram": top_ngram_share(words, size) for size in (2, 3, 4)}
        found |= {f"duplicate_{size}_gram": duplicate_ngram_share(words, size) for size in range(5, 11)}
    return found


def slow_reason(spec: Repetition, text: str) -> str | None:
    limits = {name: getattr(spec, name) for name in spec.limits()}
    over = (
        name
        for name, share in shares(text, spec.ngram_min_words).items()
        if limits[name] is not None and share > limits[name]
    )
    return next(over, None)


word = st.sampled_from(["a", "b", "c", "ab", "ba", "é", "日本", "👍", "longer-word"])
space = st.sampled_from([" ", "  ", "\n", "\n\n", "\n \n", "\t", "\r\n", "\u00a0", "\u2003", "\x1c", "\u2028", "\x85"])
repeating = st.lists(st.tuples(word, space), max_size=60).map(lambda pairs: "".join(map("".join, pairs)))
blocks = st.lists(st.sampled_from(["a b c d e f g h\n", "one two\n", "\n", "x y z w v u t s r q p\n"]), max_size=12)
texts = st.one_of(repeating, blocks.map("".join), st.text(max_size=40))
limit = st.sampled_from([None, 0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.9, 1.0])
specs = st.fixed_dictionaries(
    dict.fromkeys(Repetition().limits(), limit) | {"ngram_min_words": st.sampled_from([0, 5, 30])}
).map(Repetition.model_validate)


@settings(max_examples=400, deadline=None)
@given(rows=st.lists(texts, min_size=1, max_size=8), spec=specs)
def test_agrees_with_the_slow_filter(rows: list[str], spec: Repetition) -> None:
    assert spec.open()(pa.array(rows, pa.string())).to_pylist() == [slow_reason(spec, text) for text in rows]


def only(**limits: float) -> Repetition:
    return Repetition.model_validate(dict.fromkeys(Repetition().limits()) | {"ngram_min_words": 0} | limits)


@pytest.mark.parametrize(
    ("rule", "share", "text"),
    [
        ("duplicate_lines", 2 / 4, "say\nsay\n\nsay\nother"),
        ("duplicate_line_characters", 6 / 14, "say\nsay\n\nsay\nother"),
        ("duplicate_paragraphs", 1 / 3, "a\nb\n\nlong one\n\na\n  b  "),
        ("duplicate_paragraph_characters", 2 / 11, "a\nb\n\nlong one\n\na\n  b  "),
        ("top_2_gram", 4 / 8, "a b c a b ddd"),
        ("top_2_gram", 5 / 6, "a a a a a b"),
        ("top_3_gram", 6 / 7, "x y z x y z q"),
        ("top_4_gram", 0.0, "every word of this line is its own"),
        ("duplicate_5_gram", 5 / 11, "a b c d e x a b c d e"),
        ("duplicate_6_gram", 0.0, "a b c d e x a b c d e"),
        ("duplicate_10_gram", 10 / 20, "a b c d e f g h i j " * 2),
    ],
)
def test_share_of_a_known_text(rule: str, share: float, text: str) -> None:
    assert shares(text, 0)[rule] == pytest.approx(share)
    rows = pa.array([text])
    assert only(**{rule: share}).open()(rows).to_pylist() == [None]
    if share > 0:
        assert only(**{rule: share - 0.001}).open()(rows).to_pylist() == [rule]


def test_short_texts_are_judged_by_lines_and_paragraphs_only() -> None:
    spec = Repetition(ngram_min_words=10)
    rows = pa.array(["a b c a b c a b c", "a b c a b c a b c a", "say\nsay\nsay"])
    assert spec.open()(rows).to_pylist() == [None, "top_2_gram", "duplicate_lines"]


def test_a_limit_is_a_share() -> None:
    with pytest.raises(ValidationError, match="duplicate_lines"):
        Repetition(duplicate_lines=1.5)
