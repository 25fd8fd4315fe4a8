"""Study: its measures against the slow way to get them, and the stage through a whole recipe."""

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from pipelines.contracts.codec import Codec, Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.packing.packed import Packed
from pipelines.store.store import Store
from training.execution import execute
from training.measures.compression import (
    Arm,
    Study,
    StudyConfig,
    accuracy_by_place,
    described,
    first_tokens,
    round_trip_share,
    stability,
    study,
    training_tokens,
)
from training.models.llama import Llama
from training.objectives.causal import Causal
from training.recipe import Recipe

TEXTS = ["The quick brown fox jumps over the lazy dog.", "Wizards box in glass, twelve at a time.", "é" * 30]


def network(vocab_size: int, length: int = 32) -> object:
    import torch

    torch.set_num_threads(1)  # the model is too small to share
    torch.manual_seed(0)
    return Llama(layers=1).build(vocab_size, length, 0).eval()


def arm_of(codec: Codec, coder: Coder, packed: Packed, trained: object) -> Arm:
    return Arm(codec, coder, packed, trained, Causal(), 100.0)


def test_first_tokens_end_inside_a_document() -> None:
    documents = [np.arange(5, dtype=np.uint32), np.arange(0, dtype=np.uint32), np.arange(9, dtype=np.uint32)]
    assert [each.tolist() for each in first_tokens(documents, 7)] == [[0, 1, 2, 3, 4], [], [0, 1]]
    assert [each.tolist() for each in first_tokens(documents, 5)] == [[0, 1, 2, 3, 4]]
    assert sum(map(len, first_tokens(documents, 100))) == 14


def test_training_tokens_are_those_of_the_data_without_filling(packed: Packed) -> None:
    assert len(training_tokens(packed, 10_000)) == packed.tokens
    assert len(training_tokens(packed, 5)) <= 5 * packed.length


def test_a_codec_is_told_in_a_line() -> None:
    assert described(Codec.model_validate("bytes")) == "bytes"
    assert described(Codec.model_validate("gzip")) == "gzip vocab=256"
    told = described(Codec.model_validate("equal_info")).split()
    assert {"bits=16", "vocab=65536", "rule=delay", "model=order_k"} < set(told)
    assert told[0] == "equal_info"
    assert described(Codec.model_validate("translation")) == (
        "translation piece=1024 source=(bytes) "
        "target=(equal_info model=order_k bits=16 reset=window vocab=65536 rule=delay)"
    )


@pytest.mark.parametrize("spec", [{"kind": "gzip"}, {"kind": "translation", "target": "gzip"}])
def test_accuracy_is_that_of_reading_whole_documents(spec: dict[str, str], packed: Packed) -> None:
    import torch

    codec = Codec.model_validate(spec)
    coder = codec.open({})
    documents, trained = coder.encode(TEXTS), network(coder.vocab_size, length=256)
    hits: dict[int, list[bool]] = {}
    for tokens in documents:
        logits = trained(input_ids=torch.tensor([[coder.end, *tokens.tolist()]])).logits
        best = logits[0, :-1].argmax(-1).tolist()
        for place, token, guess in zip(coder.places(tokens).tolist(), tokens.tolist(), best, strict=True):
            hits.setdefault(place, []).append(token == guess)
    expected = [sum(hits[place]) / len(hits[place]) for place in sorted(hits)]
    assert accuracy_by_place(arm_of(codec, coder, packed, trained), documents) == pytest.approx(expected)
    assert len(expected) == (2 if spec["kind"] == "translation" else 1)


def test_every_token_is_counted_once_in_windows_that_overlap(packed: Packed) -> None:
    trained = network(257)
    for weights in trained.parameters():
        weights.data.zero_()  # so that token 0 is the most probable, by its number
    documents = [np.array([0, 0, 0, 7] * 50, np.uint32), np.zeros(0, np.uint32)]
    codec = Codec.model_validate("bytes")
    assert accuracy_by_place(arm_of(codec, codec.open({}), packed, trained), documents) == [0.75]


class Halves(Coder):
    """Bytes in two tokens each, the high half first; it reads the letter e as another, and cannot read zeros."""

    vocab_size, end, window = 64, 0, 2
    flops_per_byte = 7.0

    def encode(self, texts: list[str]) -> list[np.ndarray]:  # type: ignore[override]
        data = [np.frombuffer(text.encode(), np.uint8) for text in texts]
        return [np.stack([each >> 4, each & 15], axis=1).ravel().astype(np.uint32) + 1 for each in data]

    def decode_bytes(self, tokens: np.ndarray) -> bytes:  # type: ignore[override]
        high, low = tokens[::2] - 1, tokens[1::2] - 1
        if not (high | low).all():
            raise Mistake("these tokens stand for no text")
        return (high << 4 | low).astype(np.uint8).tobytes().replace(b"e", b"a")


@pytest.fixture
def arm(packed: Packed) -> Arm:
    """Halves behind a codec that says that it loses text."""
    lossy = Codec.model_validate({"kind": "equal_info", "rule": "greedy"})
    return arm_of(lossy, Halves(), packed, network(64))


def test_round_trips_are_counted_by_documents(arm: Arm) -> None:
    texts = ["one", "two", "four", "é", "x\0"]
    assert round_trip_share(arm, texts, Halves().encode(texts)) == 0.6


def test_stability_needs_two_words() -> None:
    assert stability(Halves(), ["word word", "word"], 10) is None
    measured = stability(Halves(), ["word other", "third word"], 2)
    assert measured is not None
    assert (measured.prefixes, measured.mean_distance) == (2, 0.0)


def test_a_study_puts_the_measures_of_one_arm_together(arm: Arm) -> None:
    measured = study(arm, TEXTS, Halves().encode(TEXTS), StudyConfig(prefixes=3, documents=2))
    size = sum(len(text.encode()) for text in TEXTS)
    assert (measured.vocab_size, measured.bytes_per_token) == (64, 0.5)
    assert (measured.lossless, measured.round_trip_share) == (False, 0.0)
    assert measured.uniform_bits_per_byte == pytest.approx((2 * size + 3) * math.log2(64) / size)
    assert measured.flops_per_byte == 2 * 100.0 + 7.0
    assert measured.compressor_flops_per_byte == 7.0
    assert [(row.unit, row.samples) for row in measured.uniformity] == [("token", 2 * size)]
    assert len(measured.accuracy_by_position) == 2
    assert study(arm, TEXTS, Halves().encode(TEXTS), StudyConfig(prefixes=3, documents=2)) == measured


def test_a_recipe_with_a_study_has_it_in_the_store(ray_session: None, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Text {number} says that {TEXTS[number % 3]}"}) for number in range(40)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    source = {"kind": "jsonl", "path": str(tmp_path / "corpus.jsonl")}
    tree = {
        "data": {
            "source": source,
            "codec": {"kind": "translation", "target": "gzip"},
            "pack": {"length": 64},
        },
        "training": {"model": {"kind": "llama", "layers": 1}, "tokens": 1024, "batch_tokens": 512, "threads": 1},
        "evaluation": {"held_out": source, "study": {"prefixes": 5}},
    }
    store = Store(str(tmp_path / "store"))
    finished = execute(Recipe.model_validate(tree), store)
    assert finished.study is not None
    details = finished.study.details
    assert finished.study.inputs == [finished.training.address]
    assert list(details) == [field.name for field in dataclasses.fields(Study)]
    assert details["codec"] == "translation piece=1024 source=(bytes) target=(gzip vocab=256)"
    assert details["round_trip_share"] == 1.0
    assert len(details["accuracy_by_position"]) == 2
    assert details["uniform_bits_per_byte"] > details["unigram_bits_per_byte"] > 0
    assert details["stability"]["prefixes"] == 5
    assert store.manifest(finished.study.address) == finished.study
    encoded = [address for address in os.listdir(store.url) if address.startswith("held_out-")]
    assert len(encoded) == 1  # for the curve, the evaluation and the study

    del tree["evaluation"]["study"]
    plain = execute(Recipe.model_validate(tree), store)
    assert plain.study is None
    assert plain.evaluation == finished.evaluation
