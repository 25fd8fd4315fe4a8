"""Step cut: passages are the text in pieces of like size, and know where they come from."""

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, PARENTS, TEXT, Outcome
from pipelines.contracts.step import Place
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.sources.reading.documents import content_ids
from pipelines.steps.cut import Cut

TEXTS = ["The cat sat on the mat, and the rain went on. " * 9, "", "a", "日本語の文章です。🙂é" * 20, "one two three"]


def cut(model: Path, tokens: int, texts: list[str], join: str | None = None) -> Outcome:
    rows = pa.table(
        {ID: content_ids(pa.array(texts, pa.string())), TEXT: texts, "note": [f"n{n}" for n in range(len(texts))]}
    )
    return Cut(model=str(model), tokens=tokens, join=join).open({}, 0)(rows, Place.in_shard(0, 0, len(texts)))


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


JOINED = [f"Document {number} tells of {'small ' * (number % 5)}things." for number in range(30)]


@pytest.mark.parametrize("join", ["\n\n", "", " </s> ", "日"])
@pytest.mark.parametrize("tokens", [1, 2, 16, 50])
def test_joined_passages_one_behind_the_other_are_the_joined_text(tiny_llama: Path, tokens: int, join: str) -> None:
    texts = [*JOINED[:7], "", *JOINED[7:]]
    outcome = cut(tiny_llama, tokens, texts, join)
    ids = content_ids(pa.array(texts, pa.string())).to_pylist()
    whole, rows = join.join(JOINED), outcome.rows.to_pylist()
    place = 0
    for row in rows:
        at = whole.find(row[TEXT], place)
        assert at >= place
        assert not whole[place:at].strip(join), "but for joints nothing is passed over"
        place = at + len(row[TEXT])
        assert row["note"] == f"n{ids.index(row[PARENTS][0])}", "columns are those of the first document"
        assert row[TEXT]
    assert len(tokens_of(tiny_llama, whole[place:])) < tokens + 4
    assert outcome.rows[ID].equals(pa.chunked_array([content_ids(outcome.rows[TEXT].combine_chunks())]))
    assert {"id": ids[7], "reason": "no_token", "detail": ""} in outcome.dropped.to_pylist()


def tokens_of(model: Path, text: str) -> list[int]:
    return open_tokenizer(str(model), None)([text])[0][1:]


def test_a_joined_passage_has_exactly_so_many_tokens_and_names_what_it_holds(tiny_llama: Path) -> None:
    rows = cut(tiny_llama, 16, JOINED, "\n\n").rows.to_pylist()
    ids = content_ids(pa.array(JOINED, pa.string())).to_pylist()
    parts = [tokens_of(tiny_llama, each) for text in JOINED for each in (text, "\n\n")][:-1]
    total = sum(map(len, parts))
    assert len(rows) == total // 16
    spans = [(whole := "\n\n".join(JOINED)).index(text) for text in JOINED]
    place = 0
    for row in rows:
        end = place + len(row[TEXT])
        assert whole[place:end] == row[TEXT]
        held = [id_ for id_, at, text in zip(ids, spans, JOINED, strict=True) if at < end and at + len(text) > place]
        assert row[PARENTS] == held
        place = end
    assert any(len(row[PARENTS]) > 1 for row in rows)


def test_what_is_left_is_counted_and_documents_of_which_nothing_is_kept_are_dropped(tiny_llama: Path) -> None:
    parts = [tokens_of(tiny_llama, text) for text in JOINED[:3]]
    joint = len(tokens_of(tiny_llama, "\n\n"))
    texts, size = [*JOINED[:3], ""], len(parts[0]) + joint + len(parts[1])
    outcome = cut(tiny_llama, size, texts, "\n\n")
    ids = content_ids(pa.array(texts, pa.string())).to_pylist()
    assert [row[PARENTS] for row in outcome.rows.to_pylist()] == [ids[:2]]
    dropped = [(row["id"], row["reason"]) for row in outcome.dropped.to_pylist()]
    assert dropped == [(ids[2], "left_over"), (ids[3], "no_token")]
    assert outcome.counts == {"left_over_tokens": float(joint + len(parts[2]))}
    none = cut(tiny_llama, 10_000, texts, "\n\n")
    assert none.rows.num_rows == 0
    assert [(row["id"], row["reason"]) for row in none.dropped.to_pylist()] == [
        *((each, "left_over") for each in ids[:3]),
        (ids[3], "no_token"),
    ]
    assert none.counts == {"left_over_tokens": float(sum(map(len, parts)) + 2 * joint)}


def test_no_text_and_no_token_make_no_passage(tiny_llama: Path) -> None:
    for texts in ([], [""], ["", ""]):
        outcome = cut(tiny_llama, 4, texts, "\n\n")
        assert outcome.rows.num_rows == 0
        assert outcome.dropped["reason"].to_pylist() == ["no_token"] * len(texts)
        assert outcome.counts == {"left_over_tokens": 0.0}


def test_a_tokenizer_that_tells_no_places_is_refused_with_the_cure(tmp_path: Path) -> None:
    from transformers import ByT5Tokenizer

    ByT5Tokenizer().save_pretrained(tmp_path)
    with pytest.raises(Mistake, match=r"\(ByT5Tokenizer\) is none of the `tokenizers` library; save it in that form"):
        Cut(model=str(tmp_path), tokens=4).open({}, 0)
