"""Step cut: passages are the text in pieces of like size, and know where they come from."""

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.rows import ID, PARENTS, TEXT, Outcome
from pipelines.contracts.step import Place
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.sources.reading.documents import content_ids
from pipelines.steps.cut import Cut

TEXTS = ["The cat sat on the mat, and the rain went on. " * 9, "", "a", "日本語の文章です。🙂é" * 20, "one two three"]


def cut(model: Path, tokens: int, texts: list[str]) -> Outcome:
    rows = pa.table(
        {ID: content_ids(pa.array(texts, pa.string())), TEXT: texts, "note": [f"n{n}" for n in range(len(texts))]}
    )
    return Cut(model=str(model), tokens=tokens).open({}, 0)(rows, Place.in_shard(0, 0, len(texts)))


@pytest.mark.parametrize("tokens", [1, 5, 16, 10_000])
def test_the_passages_of_a_text_joined_are_the_text(tiny_llama: Path, tokens: int) -> None:
    outcome = cut(tiny_llama, tokens, TEXTS)
    ids = content_ids(pa.array(TEXTS, pa.string())).to_pylist()
    for number, text in enumerate(TEXTS):
        mine = [row for row in outcome.rows.to_pylist() if row["note"] == f"n{number}"]
        assert "".join(row[TEXT] for row in mine) == text
        assert all(row[PARENTS] == [ids[number]] for row in mine)
        assert all(row[TEXT] for row in mine)
    assert outcome.rows[ID].equals(pa.chunked_array([content_ids(outcome.rows[TEXT].combine_chunks())]))
    assert outcome.dropped.to_pylist() == [{"id": ids[1], "reason": "no_token", "detail": ""}]


def test_they_are_few_and_about_equally_long(tiny_llama: Path) -> None:
    tokenize = open_tokenizer(str(tiny_llama), None)
    (whole,) = tokenize([TEXTS[0]])
    passages = cut(tiny_llama, 16, TEXTS[:1]).rows[TEXT].to_pylist()
    lengths = [len(each) - 1 for each in tokenize(passages)]
    assert len(passages) == -(-(len(whole) - 1) // 16)
    assert max(lengths) <= 16
    assert max(lengths) - min(lengths) <= 2, "no stub at the end"


def test_a_long_text_takes_no_more_than_its_passages(tiny_llama: Path) -> None:
    text = "word and word, " * 40_000
    outcome = cut(tiny_llama, 64, [text])
    assert sum(map(len, outcome.rows[TEXT].to_pylist())) == len(text)
    assert outcome.rows.nbytes < 3 * len(text)
