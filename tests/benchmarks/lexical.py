"""The engine lexical beside the rewrites of GPT-4, on TinyHelen's pairs of original and rewritten texts.

    python tests/benchmarks/lexical.py [--vocabulary 2000] [--sentence-words 20] [--share 1.0]

Prints a table and ends with one JSON line. By genre, for the rules and GPT-4: words and word types as multiples of the
original's, the share of words among the text's own 2,000 most frequent types, the entropy of words in bits, the mean
words a sentence or line; at the end the speed of the rules on these originals and on the mixture, by processor time of
one process.
"""

import argparse
import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from measuring import DATA, rows

from pipelines.engines.lexical import Lexical
from pipelines.engines.simplify.simplifier import simplifier
from pipelines.texts.sentences import sentences_and_lines

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+")
TOP = 2000


def main() -> None:
    """Rewrites every original, compares, and prints."""
    arguments = parse_arguments()
    engine = Lexical(vocabulary=arguments.vocabulary, sentence_words=arguments.sentence_words)
    simplify = simplifier(engine.vocabulary, engine.sentence_words, engine.doctests)
    simplify("Load the tables.")
    pairs = defaultdict(list)
    for pair in rows(DATA / "leaner", arguments.share):
        pairs[pair["genre"]].append((pair["original"], pair["simplified"]))
    seconds, megabytes, results = 0.0, 0.0, {}
    for genre, texts in sorted(pairs.items()):
        originals = [original for original, _ in texts]
        rewritten, taken = timed(simplify, originals)
        seconds, megabytes = seconds + taken, megabytes + size(originals)
        results[genre] = compare(originals, {"lexical": rewritten, "gpt4": [simple for _, simple in texts]})
    originals = [row["text"] for row in rows(DATA / "mixture", arguments.share)]
    _, taken = timed(simplify, originals)
    speed = {"pairs": megabytes / seconds, "mixture": size(originals) / taken}
    print_table(results)
    print(f"{speed['pairs']:.2f} MB/s on the pairs, {speed['mixture']:.2f} MB/s on the mixture")
    settings = vars(arguments) | {"documents": {genre: len(texts) for genre, texts in pairs.items()}}
    print(json.dumps({"benchmark": "lexical", "settings": settings, "megabytes_per_second": speed, "results": results}))


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabulary", type=int, default=2000)
    parser.add_argument("--sentence-words", type=int, default=20)
    parser.add_argument("--share", type=float, default=1.0, help="of the files that are read")
    return parser.parse_args()


def timed(simplify: Callable[[str], str], texts: list[str]) -> tuple[list[str], float]:
    """The simplified texts and the seconds of processor time."""
    start = time.process_time()
    simplified = [simplify(text) for text in texts]
    return simplified, time.process_time() - start


def size(texts: list[str]) -> float:
    """Megabytes of UTF-8."""
    return sum(len(text.encode()) for text in texts) / 1e6


def compare(originals: list[str], others: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """The figures of the originals, and of each other list of texts beside them."""
    before = count_words(originals)
    return {name: figures(texts, before) for name, texts in {"original": originals, **others}.items()}


def count_words(texts: list[str]) -> Counter[str]:
    """How often each word is in all the texts, in lower case."""
    return Counter(word for text in texts for word in WORD.findall(text.lower()))


def figures(texts: list[str], before: Counter[str]) -> dict[str, float]:
    """Sizes as multiples of those of `before`, coverage as a share, entropy in bits a word."""
    words = count_words(texts)
    total = words.total()
    return {
        "words": total / before.total(),
        "types": len(words) / len(before),
        "top_2000_coverage": sum(count for _, count in words.most_common(TOP)) / total,
        "entropy_bits": -sum(count / total * math.log2(count / total) for count in words.values()),
        "sentence_words": total / sum(len(sentences_and_lines(text)) for text in texts),
    }


def print_table(results: dict[str, dict[str, dict[str, float]]]) -> None:
    """One line a genre and kind of text."""
    print(f"{'genre':14}{'text':10}{'words':>8}{'types':>8}{'top 2000':>10}{'entropy':>9}{'sentence':>10}")
    for genre, kinds in results.items():
        for kind, row in kinds.items():
            print(
                f"{genre:14}{kind:10}{row['words']:8.2f}{row['types']:8.2f}"
                f"{row['top_2000_coverage']:10.3f}{row['entropy_bits']:9.2f}{row['sentence_words']:10.1f}"
            )


if __name__ == "__main__":
    main()
