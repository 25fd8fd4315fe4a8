"""A neural byte model in codecs: what compiling it costs, and what the codebook saves against asking it.

    python tests/benchmarks/neural_codec.py --model FOLDER [--data text/] [--asked 4000]

FOLDER is an exported byte Transformer, as `gleaner train cluster/runs/compression/m1.yaml` leaves it. Measured: seconds
and memory of the compilation of the 16-bit codebook on all cores (bars: 5 minutes, 4 GB); MB/s of encoding and decoding
by the codebooks on one core against the same codec asking the model per byte, with 256 documents side by side, and
against one byte a call (bars: 300 and 1,000 times); bytes a token of dense, greedy and delay with the same model (bars:
1.05 and 1.15); what AC and wider windows reach. Ends with one JSON line.
"""

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measuring import DATA, best_of_three

from pipelines.codecs.byte_models.transformer import Transformer
from pipelines.codecs.entropy.cdf import TOTAL
from pipelines.codecs.entropy.stepwise_windows import StepwiseWindows
from pipelines.contracts.byte_model import BEGIN, NextByte
from pipelines.contracts.codec import Codec

DOCUMENT_BYTES = 10_240
WINDOWS = [
    {"kind": "equal_info", "rule": "greedy"},
    {"kind": "equal_info", "rule": "delay"},
    {"kind": "equal_info_dense"},
]
ASKED = [
    {"kind": "ac"},
    {"kind": "equal_info", "bits": 24},
    {"kind": "equal_info", "bits": 32},
    {"kind": "equal_info", "bits": 64},
    {"kind": "equal_info", "bits": 128},
    {"kind": "equal_info", "bits": 16, "reset": "every_other"},
    {"kind": "equal_info", "bits": 16, "reset": "never"},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=Path, default=DATA / "text")
    parser.add_argument("--asked", type=int, default=4_000, help="bytes of each document for what asks the model")
    arguments = parser.parse_args()
    model = {"kind": "transformer", "model": arguments.model}
    documents = cut((arguments.data / "alice29.txt").read_bytes() + (arguments.data / "asyoulik.txt").read_bytes())
    codecs = [with_codebook({**spec, "model": model}, documents) for spec in WINDOWS]
    short = [document[: arguments.asked] for document in documents]
    byte_model = Transformer(model=arguments.model)
    opened = byte_model.open(byte_model.train(None, 0))  # type: ignore[arg-type]
    result = {
        "benchmark": "neural_codec",
        "flops_per_byte": opened.flops_per_byte,
        "codebooks": codecs,
        "asked": [asking({**spec, "model": model}, short) for spec in ASKED],
        "ideal_bits_per_byte": ideal_bits(opened, short),
        "speed_ups": speed_ups(codecs[1], short, opened),
        "dense_over_greedy": codecs[2]["bytes_per_token"] / codecs[0]["bytes_per_token"],
        "dense_over_delay": codecs[2]["bytes_per_token"] / codecs[1]["bytes_per_token"],
    }
    print_tables(result)
    print(json.dumps(result))


def cut(text: bytes) -> list[bytes]:
    """The documents of the paper's length."""
    return [text[start : start + DOCUMENT_BYTES] for start in range(0, len(text), DOCUMENT_BYTES)]


def with_codebook(spec: dict[str, Any], documents: Sequence[bytes]) -> dict[str, Any]:
    """Compiles, encodes and decodes; speeds by processor time, the best of three."""
    codec = Codec.model_validate(spec)
    started = time.perf_counter()
    files = codec.train(None, 0)  # type: ignore[arg-type]
    compiled = time.perf_counter() - started
    coder = codec.open(files)
    coder.encode(documents[:1])  # compiles the loops
    tokens, seconds = best_of_three(lambda: coder.encode(documents))
    back, decode_seconds = best_of_three(lambda: coder.decode_many(tokens))
    size = sum(map(len, documents))
    return {
        "codec": name(spec),
        "compile_seconds": compiled,
        "peak_gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "bytes_per_token": size / sum(map(len, tokens)),
        "documents_back": sum(one == other for one, other in zip(back, documents, strict=True)) / len(documents),
        "encode_mb_per_second": size / 1e6 / seconds,
        "decode_mb_per_second": size / 1e6 / decode_seconds,
    }


def asking(spec: dict[str, Any], documents: Sequence[bytes]) -> dict[str, Any]:
    """A codec that asks the model while it encodes and decodes."""
    codec = Codec.model_validate(spec)
    coder = codec.open(codec.train(None, 0))  # type: ignore[arg-type]
    started = time.perf_counter()
    tokens = coder.encode(documents)
    encoded = time.perf_counter()
    back = coder.decode_many(tokens[:4])
    size = sum(map(len, documents))
    return {
        "codec": name(spec),
        "bytes_per_token": size / sum(map(len, tokens)),
        "encode_kb_per_second": size / 1e3 / (encoded - started),
        "decode_kb_per_second": sum(map(len, documents[:4])) / 1e3 / (time.perf_counter() - encoded),
        "four_documents_back": back == list(documents[:4]),
    }


def ideal_bits(model: NextByte, documents: list[bytes]) -> float:
    """-log2 of the quantized probability of every byte, by the byte: what AC could at best reach."""
    reader = model.reader(len(documents))
    cdf, bits = reader.step(np.full(len(documents), BEGIN)), 0.0
    size = min(map(len, documents))
    letters_TN = np.array([list(document[:size]) for document in documents]).T
    rows = np.arange(len(documents))
    for letters in letters_TN:
        bits -= float(np.log2((cdf[rows, letters + 1] - cdf[rows, letters]) / TOTAL).sum())
        cdf = reader.step(letters)
    return bits / letters_TN.size


def speed_ups(codebook: dict[str, Any], documents: Sequence[bytes], model: NextByte) -> dict[str, float]:
    """The codebook against the same windows by asking the model, on one core."""
    import torch

    torch.set_num_threads(1)
    asked = StepwiseWindows(model, bits=16, rule="delay", reset="window", rows=256)
    many = [document[start : start + 200] for start in range(0, 2000, 200) for document in documents][:256]
    started = time.process_time()
    asked.encode(many)
    batched = sum(map(len, many)) / (time.process_time() - started)
    started, text = time.process_time(), documents[0][:300]
    for end in range(len(text)):
        model.predict([text[max(0, end - 5) : end]])  # five bytes are in a window
    naive = len(text) / (time.process_time() - started)
    speed = codebook["encode_mb_per_second"] * 1e6
    return {
        "batched_bytes_per_second": batched,
        "naive_bytes_per_second": naive,
        "against_batched": speed / batched,
        "against_naive": speed / naive,
    }


def name(spec: dict[str, Any]) -> str:
    """The spec without its model."""
    return " ".join(str(value) for key, value in spec.items() if key != "model")


def print_tables(result: dict[str, Any]) -> None:
    """What was measured, to be read."""
    for each in result["codebooks"]:
        told = f"compiled in {each['compile_seconds']:.1f} s, peak {each['peak_gigabytes']:.1f} GB"
        speeds = f"encode {each['encode_mb_per_second']:.1f} MB/s, decode {each['decode_mb_per_second']:.1f} MB/s"
        print(f"{each['codec']:28} {each['bytes_per_token']:5.2f} bytes/token  {told}  {speeds}")
        print(f"{'':28} {each['documents_back']:.0%} of documents come back")
    for each in result["asked"]:
        speeds = f"encode {each['encode_kb_per_second']:.1f} kB/s, decode {each['decode_kb_per_second']:.1f} kB/s"
        print(f"{each['codec']:28} {each['bytes_per_token']:5.2f} bytes/token  {speeds}")
    print(
        f"ideal {result['ideal_bits_per_byte']:.4f} bits/byte; dense/greedy {result['dense_over_greedy']:.2f}, "
        f"dense/delay {result['dense_over_delay']:.2f}; codebook against the model: batched "
        f"{result['speed_ups']['against_batched']:,.0f}x, naive {result['speed_ups']['against_naive']:,.0f}x"
    )


if __name__ == "__main__":
    main()
