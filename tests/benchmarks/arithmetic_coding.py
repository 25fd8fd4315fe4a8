"""Arithmetic coding without windows on real text: its bits against the ideal ones, and its speed on one core.

    python tests/benchmarks/arithmetic_coding.py [--order 3]

`static_ac` and `ac` with `order_k` learn from WikiText-2's validation part and encode two books of the Canterbury
corpus in documents of 10,240 bytes. Ideal are -log2 q bits, q being a byte's share of the 2**14 integers; what is
written beyond them tells where documents end, and fills bytes up. What whole numbers cost is told twice: by the text's
-log2 q against -log2 p of the model's own probabilities, and as the Kullback-Leibler divergence of q from p, which is
the cost in text that is as the model expects. Speed is by processor time, the best of three. Prints a table and ends
with one JSON line.
"""

import argparse
import json

import numpy as np
from measuring import DATA, best_of_three

from pipelines.codecs.ac import Ac
from pipelines.codecs.byte_models import order_k, static
from pipelines.codecs.byte_models.order_k import OrderK
from pipelines.codecs.byte_models.static import Static
from pipelines.codecs.entropy.asking_codec import in_model_folder
from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.static_ac import StaticAc
from pipelines.contracts.byte_model import NextByte
from pipelines.contracts.codec import Codec

DOCUMENT_BYTES = 10_240  # the paper's examples
BATCH = 1024  # contexts in a call of the byte model
BARS = {"written_over_ideal": 1.001, "static_ac_encode_mb_per_second": 20}


def main() -> None:
    """Measures both codecs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--order", type=int, default=3, help="of order_k")
    arguments = parser.parse_args()
    learned, documents = books()
    counts, bytes_seen = order_k.count(learned, arguments.order), static.count(learned)
    model = OrderK(order=arguments.order)
    rows = {
        "static_ac": measured(StaticAc(), bytes_seen, Static().open(bytes_seen), documents),
        f"ac, order {arguments.order}": measured(Ac(model=model), counts, model.open(counts), documents),
    }
    print_table(documents, rows)
    print(json.dumps({"benchmark": "arithmetic_coding", "bars": BARS, "settings": vars(arguments), "results": rows}))


def books() -> tuple[list[bytes], list[bytes]]:
    """The lines of WikiText-2 to learn from; Alice in Wonderland and As You Like It, in pieces."""
    folder = DATA / "text"
    if not folder.is_dir():
        raise SystemExit(f"no texts in {folder}; set GLEANER_DATA to the folder of the test data")
    texts = [(folder / name).read_bytes() for name in ("alice29.txt", "asyoulik.txt")]
    pieces = [text[at : at + DOCUMENT_BYTES] for text in texts for at in range(0, len(text), DOCUMENT_BYTES)]
    return (folder / "wikitext2-valid.txt").read_bytes().splitlines(keepends=True), pieces


def measured(codec: Codec, files: dict[str, bytes], model: NextByte, documents: list[bytes]) -> dict[str, float]:
    """Bits, tokens and speed of one codec, whose byte model has these files."""
    coder = codec.open(in_model_folder(files))
    tokens, encode_seconds = best_of_three(lambda: coder.encode(documents))
    decoded, decode_seconds = best_of_three(lambda: coder.decode_many(tokens))
    if decoded != documents:
        raise SystemExit(f"documents do not come back from {codec.kind}")
    size = sum(map(len, documents))
    narrow = codec.model_copy(update={"vocab": 256}).open(in_model_folder(files))
    written = 8 * sum(map(len, narrow.encode(documents)))
    ideal, by_probability, divergence = information(model, documents)
    return {
        "bits_per_byte": written / size,
        "ideal_bits_per_byte": ideal / size,
        "written_over_ideal": written / ideal,
        "bits_over_ideal_a_document": (written - ideal) / len(documents),
        "model_bits_per_byte": by_probability / size,
        "quantization_in_this_text": ideal / by_probability - 1,
        "quantization_in_expected_bits_per_byte": divergence / size,
        "bytes_per_token_65536": size / sum(map(len, tokens)),
        "bytes_per_token_256": 8 * size / written,
        "encode_mb_per_second": size / encode_seconds / 1e6,
        "decode_mb_per_second": size / decode_seconds / 1e6,
    }


def information(model: NextByte, documents: list[bytes]) -> tuple[float, float, float]:
    """Bits of all documents, by their bytes' shares of the integers and by their probabilities; sum of divergences."""
    sums = np.zeros(3)
    for document in documents:
        for start in range(0, len(document), BATCH):
            letters = np.frombuffer(document[start : start + BATCH], np.uint8)
            chances = model.predict([document[:end] for end in range(start, start + len(letters))])
            chances /= chances.sum(axis=1, keepdims=True)
            by_integers = -np.log2(np.diff(quantized_cdf(chances), axis=1) / TOTAL)
            by_probability = -np.log2(chances)
            at = np.arange(len(letters)), letters
            divergence = (chances * (by_integers - by_probability)).sum()
            sums += by_integers[at].sum(), by_probability[at].sum(), divergence
    return float(sums[0]), float(sums[1]), float(sums[2])


def print_table(documents: list[bytes], rows: dict[str, dict[str, float]]) -> None:
    """A line a codec."""
    print(f"{len(documents)} documents, {sum(map(len, documents)) / 1e6:.2f} MB")
    print(f"{'':14} bits/byte  ideal  over ideal  bits a document  model  divergence  bytes/token 65536  256  ", end="")
    print("encode MB/s  decode MB/s")
    for name, row in rows.items():
        print(
            f"{name:14} {row['bits_per_byte']:9.4f} {row['ideal_bits_per_byte']:6.4f} "
            f"{row['written_over_ideal'] - 1:11.4%} {row['bits_over_ideal_a_document']:16.2f} "
            f"{row['model_bits_per_byte']:6.4f} {row['quantization_in_expected_bits_per_byte']:11.5f} "
            f"{row['bytes_per_token_65536']:18.3f} {row['bytes_per_token_256']:4.2f} "
            f"{row['encode_mb_per_second']:12.3f} {row['decode_mb_per_second']:12.3f}"
        )


if __name__ == "__main__":
    main()
