"""What a row weighs in a quota of tokens, and how often the corpus is read."""

import pyarrow as pa

from pipelines.steps.quota import Quota, _rank


def test_tokens_are_words_between_white_space_and_letters_of_scripts_without_spaces() -> None:
    texts = ["", "two\u2003words", "今天天气很好，我们", "we use 汉字 here"]
    rows = pa.table({"id": pa.array(map(str, range(len(texts)))), "text": texts, "source": ["a", "b", "a", "a"]})
    assert _rank(["b", "a"], "tokens", 0, rows).mass.tolist() == [0, 2, 8, 5]
    assert _rank(["b", "a"], "rows", 0, rows).mass.tolist() == [1, 1, 1, 1]


class Passes:
    """A corpus of 60 rows of four sources that counts how often it is read."""

    def __init__(self) -> None:
        self.documents, self.read = 60, 0

    def rows(self, columns: list[str]):
        import ray.data

        self.read += 1
        table = pa.table({"id": [f"{row}" for row in range(60)], "source": ["a", "b", "c", None] * 15})
        return ray.data.from_arrow(table.select(columns)).repartition(3)


def test_one_pass_serves_all_sources(ray_session) -> None:
    quotas, corpus = {"a": 4.0, "b": 40.0, "c": 0.0, "nowhere": 3.0}, Passes()
    step = Quota(quotas=quotas)
    found = step.details(step.fit(corpus, 0))
    assert corpus.read == 1
    had = {"a": 15, "b": 15, "c": 15, "nowhere": 0}
    assert found == {name: {"had": had[name], "gave": min(had[name], quotas[name])} for name in quotas}
