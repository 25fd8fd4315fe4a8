"""What `rule: delay` costs against `greedy`: windows of 16 bits, on text that M1 has seen and on text that it has not.

    python tests/benchmarks/delay.py [--orders 2 3 5]

M1 is `order_k` and learns from the jsonl shards of `mixture/`; encoded are those (seen), the parquet shards of each
genre, WikiText-2's validation part and two books (all unseen), in documents of at most 10,240 bytes. The cost is
1 - delay's bytes per window / greedy's. Prints a line an order and text, and ends with one JSON line.
"""

import argparse
import json
from collections.abc import Sequence

import pyarrow.parquet as pq
from measuring import DATA, shard_texts

from pipelines.codecs.byte_models.order_k import OrderK, count
from pipelines.codecs.entropy.equal_windows import equal_windows
from pipelines.codecs.entropy.walker import Walker

DOCUMENT_BYTES = 10_240  # the paper's examples


def main() -> None:
    """Measures every order on every text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", nargs="+", type=int, default=[2, 3, 5])
    seen = [text.encode() for file in sorted((DATA / "mixture").glob("*.jsonl.zst")) for text in shard_texts(file)]
    texts = {"seen": cut(seen), **unseen()}
    results = {order: costs(order, seen, texts) for order in parser.parse_args().orders}
    print(json.dumps({"benchmark": "delay", "results": results}))


def unseen() -> dict[str, list[bytes]]:
    """The documents of every genre of the parquet shards, WikiText-2 and the books."""
    genres: dict[str, list[bytes]] = {}
    for file in sorted((DATA / "mixture").glob("*.parquet")):
        for row in pq.read_table(file, columns=["genre", "text"]).to_pylist():
            genres.setdefault(row["genre"], []).append(row["text"].encode())
    names = ("wikitext2-valid.txt", "alice29.txt", "asyoulik.txt")
    return {name: cut(each) for name, each in (genres | {n: [(DATA / "text" / n).read_bytes()] for n in names}).items()}


def cut(texts: Sequence[bytes]) -> list[bytes]:
    """Documents of at most DOCUMENT_BYTES."""
    return [text[at : at + DOCUMENT_BYTES] for text in texts for at in range(0, len(text), DOCUMENT_BYTES)]


def costs(order: int, learned: Sequence[bytes], texts: dict[str, list[bytes]]) -> dict[str, float]:
    """The share of the ratio that delay costs, of every text."""
    predict = OrderK(order=order).open(count(list(learned), order)).predict
    greedy, delay = Walker(equal_windows(predict, 16, "greedy")), Walker(equal_windows(predict, 16, "delay"))
    found = {}
    for name, documents in texts.items():
        size, most, fewest = sum(map(len, documents)), windows(greedy, documents), windows(delay, documents)
        found[name] = 1 - most / fewest
        print(
            f"order {order}, {name:20} {size / 1e6:6.2f} MB, bytes per window: greedy {size / most:.2f}, "
            f"delay {size / fewest:.2f}, cost {found[name]:.1%}",
            flush=True,
        )
    return found


def windows(walker: Walker, documents: Sequence[bytes]) -> int:
    """How many windows the documents take."""
    return sum(map(len, walker.encode(documents)))


if __name__ == "__main__":
    main()
