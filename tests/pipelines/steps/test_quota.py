"""What a row weighs in a quota of tokens."""

import pyarrow as pa

from pipelines.steps.quota import _rank


def test_tokens_are_words_between_white_space_and_letters_of_scripts_without_spaces() -> None:
    texts = ["", "two\u2003words", "今天天气很好，我们", "we use 汉字 here"]
    rows = pa.table({"id": pa.array(map(str, range(len(texts)))), "text": texts})
    assert _rank("tokens", 0, rows)[2].tolist() == [0, 2, 8, 5]
    assert _rank("rows", 0, rows)[2].tolist() == [1, 1, 1, 1]
