"""Every codec on real text: bytes a token, and MB/s of encoding and decoding on one core.

    python tests/benchmarks/codecs.py [--corpora text mixture] [--vocab 32000] [--per-byte 200000]

`text` learns from WikiText-2's validation part and encodes two books of the Canterbury corpus; `mixture` learns from
its jsonl shards and encodes its parquet shards. All codecs of equal information share one byte model, `order_k`.
`tiktoken` runs the vocabulary of `bpe`. Speed is by processor time, the best of three, so that other work on the
machine does not count. Prints a table for each corpus and ends with one JSON line.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one core each

import numpy as np
from measuring import DATA, best_of_three, shard_texts

from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.codecs.entropy.equal_windows import equal_windows
from pipelines.codecs.entropy.intervals import Interval, narrowed, padded_code
from pipelines.codecs.equal_info import EqualInfo
from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE, spelled_tokens
from pipelines.contracts.byte_model import ByteModel, NextByteFn
from pipelines.contracts.codec import Codec, Coder, TokenArrays

DOCUMENT_BYTES = 10_240  # the paper's examples
MODEL = ByteModel.model_validate("order_k")
GREEDY, DELAY, DENSE = "equal_info greedy", "equal_info delay", "equal_info_dense"
GPT2_WORDS = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
BARS = {"encode_mb_per_second": 20, "decode_mb_per_second": 100, "dense_over_greedy": 1.05, "dense_over_delay": 1.15}


class Corpus(NamedTuple):
    """Texts to learn from and others to encode."""

    learned: list[str]
    encoded: list[bytes]


def main() -> None:
    """Measures every codec on every corpus."""
    arguments = parse_arguments()
    results = {name: measured(CORPORA[name](), arguments) for name in arguments.corpora}
    for name, result in results.items():
        print_table(name, result)
    print(json.dumps({"benchmark": "codecs", "bars": BARS, "settings": vars(arguments), "results": results}))


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", nargs="+", choices=list(CORPORA), default=list(CORPORA))
    parser.add_argument("--vocab", type=int, default=32_000, help="of bpe and sentencepiece")
    parser.add_argument("--per-byte", type=int, default=200_000, help="bytes that are encoded by asking the byte model")
    return parser.parse_args()


def books() -> Corpus:
    """WikiText-2 to learn from; Alice in Wonderland and As You Like It, in documents of 10,240 bytes."""
    folder = DATA / "text"
    if not folder.is_dir():
        raise SystemExit(f"no texts in {folder}; set GLEANER_DATA to the folder of the test data")
    texts = [(folder / name).read_bytes() for name in ("alice29.txt", "asyoulik.txt")]
    pieces = [text[at : at + DOCUMENT_BYTES] for text in texts for at in range(0, len(text), DOCUMENT_BYTES)]
    return Corpus((folder / "wikitext2-valid.txt").read_text("utf-8").splitlines(keepends=True), pieces)


def mixture() -> Corpus:
    """The documents of one half of the shards to learn from, those of the other half to encode."""
    halves = [sorted((DATA / "mixture").glob(f"*.{ending}")) for ending in ("jsonl.zst", "parquet")]
    learned, encoded = ([text for file in half for text in shard_texts(file)] for half in halves)
    return Corpus(learned, [text.encode() for text in encoded])


CORPORA: dict[str, Callable[[], Corpus]] = {"text": books, "mixture": mixture}


def measured(corpus: Corpus, arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything about one corpus."""
    codecs = {
        "bytes": Codec.model_validate("bytes"),
        "gzip 256": Codec.model_validate({"kind": "gzip", "vocab": 256}),
        "bpe": Codec.model_validate({"kind": "bpe", "vocab": arguments.vocab}),
        "sentencepiece": Codec.model_validate({"kind": "sentencepiece", "vocab": arguments.vocab}),
        GREEDY: EqualInfo(rule="greedy", model=MODEL),
        DELAY: EqualInfo(rule="delay", model=MODEL),
        DENSE: Codec.model_validate({"kind": "equal_info_dense", "model": MODEL}),
    }
    files, seconds, predict = trained(corpus.learned, codecs)
    coders: dict[str, Coder] = {name: codec.open(files[name]) for name, codec in codecs.items()}
    coders["tiktoken"] = Tiktoken(files["bpe"][TOKENIZER_FILE])
    rows = {name: speeds(coder, corpus.encoded) for name, coder in coders.items()}
    ratio = {name: row["bytes_per_token"] for name, row in rows.items()}
    slow = per_byte(corpus.encoded, predict, coders[GREEDY], arguments.per_byte)
    return {
        "documents": len(corpus.encoded),
        "megabytes": sum(map(len, corpus.encoded)) / 1e6,
        "codecs": {name: row | {"train_seconds": seconds.get(name, 0.0)} for name, row in rows.items()},
        "dense_over_greedy": ratio[DENSE] / ratio[GREEDY],
        "dense_over_delay": ratio[DENSE] / ratio[DELAY],
        "greedy_windows_misread": misread(corpus.encoded, predict, coders[GREEDY]),
        "model_mb_per_second": slow,
        "codebook_over_model": {name: rows[GREEDY]["encode_mb_per_second"] / speed for name, speed in slow.items()},
    }


def trained(
    texts: list[str], codecs: dict[str, Codec]
) -> tuple[dict[str, dict[str, bytes]], dict[str, float], NextByteFn]:
    """Each codec's files and the seconds that it took to make them, and the byte model by itself."""
    files, seconds = {}, {}
    for name, codec in codecs.items():
        started = time.process_time()
        files[name] = codec.train(lambda *_: texts, seed=0)
        seconds[name] = time.process_time() - started
    predict = MODEL.open(MODEL.train(lambda *_: texts, seed=0)).predict
    return files, seconds, predict


class Tiktoken(Coder):
    """The library tiktoken with the vocabulary of a `bpe`, whose numbers are in the order of its merges."""

    def __init__(self, content: bytes) -> None:
        import tiktoken
        from tokenizers import Tokenizer

        vocab = Tokenizer.from_buffer(content).get_vocab()
        ranks = {spelled: number for number, spelled in enumerate(spelled_tokens(vocab)[1:])}
        self._encoding = tiktoken.Encoding("bpe", pat_str=GPT2_WORDS, mergeable_ranks=ranks, special_tokens={})
        self.vocab_size, self.end = len(vocab), 0

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """Each text by itself, as its users call it."""
        return [np.array(self._encoding.encode_ordinary(as_str(text)), np.uint32) for text in texts]

    def decode_bytes(self, tokens: Any) -> bytes:
        """The bytes of these tokens."""
        return self._encoding.decode_bytes(tokens.tolist())


def as_str(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def speeds(coder: Coder, documents: list[bytes]) -> dict[str, float]:
    """Bytes a token, the share of documents that come back, and MB/s; tokenizers of characters get characters."""
    texts = [as_str(document) for document in documents]
    size = sum(len(text.encode()) for text in texts)
    tokens, encode_seconds = best_of_three(lambda: coder.encode(texts))
    decoded, decode_seconds = best_of_three(lambda: [coder.decode_bytes(each) for each in tokens])
    count = sum(map(len, tokens))
    return {
        "bytes_per_token": size / count,
        "bits_per_byte_uniform": math.log2(coder.vocab_size) * count / size,
        "same_documents": float(np.mean([text.encode() == back for text, back in zip(texts, decoded, strict=True)])),
        "encode_mb_per_second": size / encode_seconds / 1e6,
        "decode_mb_per_second": size / decode_seconds / 1e6,
    }


def misread(documents: list[bytes], predict: NextByteFn, greedy: Coder) -> float:
    """The share of greedy windows that are read as more than the encoder put into them."""
    meanings = dict(equal_windows(predict, 16, "greedy").meanings())
    windows = wrong = 0
    for text in documents[:100]:
        at = 0
        for code in greedy.encode([text])[0].tolist():
            meaning, size = meanings[code], len(meanings[code])
            put_in = next(end for end in range(size, 0, -1) if text[at : at + end] == meaning[:end])
            wrong += put_in < size
            at += put_in
            windows += 1
    return wrong / windows


def per_byte(documents: list[bytes], predict: NextByteFn, greedy: Coder, most_bytes: int) -> dict[str, float]:
    """MB/s of the same codec without a codebook: all documents' windows in one call of the model, and one by one."""
    pieces = [document[at : at + 200] for document in documents for at in range(0, len(document), 200)]
    pieces = pieces[: most_bytes // 200]
    result = {}
    for name, company in (("batched", len(pieces)), ("one byte a call", 1)):
        chosen = pieces if company > 1 else pieces[:20]
        started = time.process_time()
        codes = [code for at in range(0, len(chosen), company) for code in asked(chosen[at : at + company], predict)]
        result[name] = sum(map(len, chosen)) / (time.process_time() - started) / 1e6
        if codes != [tokens.tolist() for tokens in greedy.encode(chosen)]:
            raise SystemExit(f"the codebook and the byte model ({name}) encode differently")
    return result


def asked(texts: list[bytes], predict: NextByteFn) -> list[list[int]]:
    """The greedy windows of each text; one call of the model moves every text on by a byte."""
    codes: list[list[int]] = [[] for _ in texts]
    starts, ends = [0] * len(texts), [0] * len(texts)
    intervals, latest = [Interval()] * len(texts), [0] * len(texts)
    active = [place for place, text in enumerate(texts) if text]
    while active:
        cdfs = quantized_cdf(predict([texts[place][starts[place] : ends[place]] for place in active]))
        for place, cdf in zip(active, cdfs, strict=True):
            byte = texts[place][ends[place]]
            interval = narrowed(intervals[place], int(cdf[byte]), int(cdf[byte + 1]))
            code = padded_code(interval, 16)
            if code is None:
                codes[place].append(latest[place])
                starts[place], intervals[place] = ends[place], Interval()
            else:
                latest[place], intervals[place], ends[place] = code, interval, ends[place] + 1
        finished = {place for place in active if ends[place] == len(texts[place])}
        for place in finished:
            codes[place].append(latest[place])
        active = [place for place in active if place not in finished]
    return codes


def print_table(corpus: str, result: dict[str, Any]) -> None:
    """A line a codec, then what the issue asks for."""
    print(f"{corpus}: {result['documents']} documents, {result['megabytes']:.2f} MB")
    print(f"{'':20} bytes/token  uniform bits/byte  same documents  encode MB/s  decode MB/s  train s")
    for name, row in result["codecs"].items():
        print(
            f"{name:20} {row['bytes_per_token']:11.3f} {row['bits_per_byte_uniform']:18.3f} "
            f"{row['same_documents']:15.1%} {row['encode_mb_per_second']:12.1f} "
            f"{row['decode_mb_per_second']:12.1f} {row['train_seconds']:8.1f}"
        )
    for name in ("dense_over_greedy", "dense_over_delay", "greedy_windows_misread"):
        print(f"{name:24} {result[name]:.3f}")
    for name, speed in result["model_mb_per_second"].items():
        print(f"model, {name:17} {speed:.4f} MB/s, the codebook {result['codebook_over_model'][name]:,.0f}x")


if __name__ == "__main__":
    main()
