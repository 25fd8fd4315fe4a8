"""The two halves of the language reference."""

import subprocess
import sys
from pydoc_data.topics import topics

from pipelines.sources.python_topics import PythonTopics


def words_in_a_row(texts: list[str]) -> set[str]:
    runs = set()
    for text in texts:
        words = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text.lower()).split()
        runs |= {" ".join(words[start : start + 13]) for start in range(len(words) - 12)}
    return runs


def rows(half: str) -> list[dict[str, str]]:
    source = PythonTopics.model_validate({"half": half})
    return [row for file in source.files() for read in source.read(file) for row in read.rows.to_pylist()]


def test_the_halves_hold_every_topic_once() -> None:
    names = [row["topic"] for half in ("target", "evaluation") for row in rows(half)]
    assert sorted(names) == sorted(topics)


def test_the_halves_are_about_equal() -> None:
    target, evaluation = (sum(len(row["text"]) for row in rows(half)) for half in ("target", "evaluation"))
    assert 0.9 < target / evaluation < 1.1


def test_the_halves_share_no_13_words() -> None:
    target, evaluation = (words_in_a_row([row["text"] for row in rows(half)]) for half in ("target", "evaluation"))
    assert target
    assert evaluation
    assert not target & evaluation


def test_the_halves_have_addresses_of_their_own_and_asking_for_them_deals_nothing_out() -> None:
    code = (
        "import sys; from pipelines.stage import source_address;"
        "from pipelines.sources.python_topics import PythonTopics;"
        "print(source_address(PythonTopics(half='target')), source_address(PythonTopics(half='evaluation')),"
        "'numba' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told[0] != told[1]
    assert told[2] == "False", "a finished run is found without the kernels that deal the topics out"
