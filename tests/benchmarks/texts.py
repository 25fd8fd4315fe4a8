"""Speed of two steps that read single texts, each beside a peer on the same texts: language and decontamination.

    python tests/benchmarks/texts.py [--data mixture/] [--held-out text/wikitext2-valid.txt]

The peers are the package py3langid, asked about one sample after the other as the filter `language` samples, and a set
of tuples of 13 words in Python (the rule of GPT-3) for the step `decontaminate`. One process on one core; what codecs
do is in codecs.py. Prints megabytes of text a CPU-second, each the best of three; ends with one JSON line.
"""

import argparse
import json
import re
from pathlib import Path

import pyarrow as pa
from measuring import DATA, best_of_three, shard_texts
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.step import Place, Step
from pipelines.filters.language import Language
from pipelines.texts.languages import as_the_model_reads, sampled

BARS = {"language": 32, "decontaminate": 45}
WORDS = 13


def languages(shards: list[pa.Table]) -> tuple[float, float]:
    """CPU-seconds of the filter and of py3langid."""
    judge, package = Language().open(), LanguageIdentifier.from_model_file(MODEL_FILE)
    columns = [shard[TEXT].combine_chunks() for shard in shards]
    judge(columns[0])  # compiles
    _, seconds = best_of_three(lambda: [judge(texts) for texts in columns])
    read = [text for texts in columns for text in as_the_model_reads(sampled(texts)).to_pylist()]
    _, of_package = best_of_three(lambda: [package.classify(text) for text in read])
    return seconds, of_package


def decontamination(shards: list[pa.Table], held_out: Path) -> tuple[float, float]:
    """CPU-seconds of the step and of a set of tuples; the two find about the same documents."""
    source = {"kind": "text", "path": str(held_out)}
    step = Step.model_validate({"kind": "decontaminate", "against": {"held": source}, "words": WORDS})
    drop = step.open(step.fit(None, 0), 0)  # type: ignore[arg-type] - it looks at the held-out texts alone
    drop(shards[0], Place.in_shard(0, 0, shards[0].num_rows))
    _, seconds = best_of_three(lambda: [drop(each, Place.in_shard(0, 0, each.num_rows)) for each in shards])
    known = grams(held_out.read_text(encoding="utf-8"))
    texts = [text for shard in shards for text in shard[TEXT].to_pylist()]
    _, of_set = best_of_three(lambda: [known.isdisjoint(grams(text)) for text in texts])
    return seconds, of_set


def grams(text: str) -> set[tuple[str, ...]]:
    """All runs of 13 words in lower case."""
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[first:] for first in range(WORDS)), strict=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--held-out", type=Path, default=DATA / "text" / "wikitext2-valid.txt")
    arguments = parser.parse_args()
    shards = []
    for file in sorted(arguments.data.glob("part-*")):
        texts = shard_texts(file)
        shards.append(pa.table({ID: [f"{file.name} {row}" for row in range(len(texts))], TEXT: texts}))
    megabytes = sum(len(text.encode()) for shard in shards for text in shard[TEXT].to_pylist()) / 1e6
    seconds = {"language": languages(shards), "decontaminate": decontamination(shards, arguments.held_out)}
    results = {
        name: {"mb_per_cpu_second": megabytes / ours, "peer": megabytes / peers, "ratio": peers / ours}
        for name, (ours, peers) in seconds.items()
    }
    for name, each in results.items():
        print(f"{name:15}{each['mb_per_cpu_second']:6.1f} MB/CPU-s, peer {each['peer']:6.2f}, bar {BARS[name]}")
    print(json.dumps({"benchmark": "texts", "megabytes": megabytes, "bars": BARS, "results": results}))


if __name__ == "__main__":
    main()
