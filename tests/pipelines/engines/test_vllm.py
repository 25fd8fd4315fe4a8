"""The real engine, in this process, on a tiny LLaMA made for the session."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.contracts.engine import EngineFn, Message, Prompt
from pipelines.engines.vllm import Vllm, prompt_seed

pytestmark = pytest.mark.vllm

CONTEXT_TOKENS = 128
PROMPTS = [
    Prompt((Message("system", "Be brief."), Message("user", f"The cat {number} sat.")), "", max_tokens=4 + number)
    for number in range(24)
]


def _spec(model: Path) -> Vllm:
    return Vllm(model=str(model), max_model_len=CONTEXT_TOKENS, seed=5)


@pytest.fixture(scope="module")
def answer(tiny_llama: Path) -> Iterator[EngineFn]:
    import numba  # noqa: F401  (vLLM stumbles over what it loads, unless it is started as pipelines.vllm_start does)

    engine = _spec(tiny_llama).open()
    yield engine
    del engine
    from vllm.distributed import cleanup_dist_env_and_memory

    cleanup_dist_env_and_memory()


def test_every_prompt_has_its_own_reply_and_limit(answer: EngineFn) -> None:
    replies = answer(PROMPTS)

    assert len({reply.text for reply in replies}) > 20
    for prompt, reply in zip(PROMPTS, replies, strict=True):
        assert reply.finish in ("stop", "length")
        assert (reply.tokens_out == prompt.max_tokens) == (reply.finish == "length")
        assert reply.tokens_in > 0


def test_a_reply_does_not_depend_on_the_rest_of_the_batch_nor_on_order(answer: EngineFn) -> None:
    together = answer(PROMPTS)

    assert answer(PROMPTS[::-1]) == together[::-1]
    assert [answer([prompt])[0] for prompt in PROMPTS[:3]] == together[:3]


def test_one_prompt_asked_twice_in_a_batch_has_one_reply(answer: EngineFn) -> None:
    first, second = answer([PROMPTS[3], PROMPTS[3]])

    assert first == second


def test_the_chat_template_is_applied_once(answer: EngineFn, tiny_llama: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    messages = [dataclasses.asdict(message) for message in PROMPTS[0].messages]
    expected = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]

    assert answer(PROMPTS[:1])[0].tokens_in == len(expected)


def test_a_prompt_without_room_for_a_reply_is_answered_as_too_long(answer: EngineFn) -> None:
    def of_length(letters: int) -> Prompt:
        return Prompt((Message("user", "Q" * letters),), "", max_tokens=9)

    spare = CONTEXT_TOKENS - answer([of_length(1)])[0].tokens_in
    fits, too_long, other = answer([of_length(spare), of_length(spare + 1), PROMPTS[0]])

    assert (fits.finish, fits.tokens_out) == ("length", 1) or fits.finish == "stop"
    assert (too_long.text, too_long.finish, too_long.tokens_out) == ("", "too_long_prompt", 0)
    assert other == answer(PROMPTS[:1])[0]


def test_more_prompts_than_are_read_at_once(answer: EngineFn) -> None:
    many = [Prompt((Message("user", f"{number} " + "Q" * 60),), "", max_tokens=2) for number in range(100)]

    replies = answer(many)

    assert sum(reply.tokens_in for reply in replies) > 1.5 * 4096
    assert replies[:2] == answer(many[:2])


def test_no_prompts_no_replies(answer: EngineFn) -> None:
    assert answer([]) == []


def test_seeds_differ_by_prompt_and_by_seed() -> None:
    seeds = {prompt_seed(seed, text) for seed in range(10) for text in ("a", "b", "1\0a")}

    assert len(seeds) == 30
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_fingerprint_follows_the_weights_and_not_the_place(tiny_llama: Path, tmp_path: Path) -> None:
    moved, changed = tmp_path / "moved", tmp_path / "changed"
    shutil.copytree(tiny_llama, moved)
    shutil.copytree(tiny_llama, changed)
    weights = changed / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)

    assert _spec(moved).fingerprint() == _spec(tiny_llama).fingerprint()
    assert _spec(changed).fingerprint() != _spec(tiny_llama).fingerprint()


def test_operations_are_two_for_each_parameter_and_token(tiny_llama: Path) -> None:
    from transformers import AutoModelForCausalLM

    parameters = AutoModelForCausalLM.from_pretrained(tiny_llama).num_parameters()

    assert _spec(tiny_llama).flops(30, 12) == 2 * parameters * 42


def test_a_hub_name_needs_a_revision() -> None:
    with pytest.raises(ValueError, match="needs a revision"):
        Vllm(model="someone/some-model").fingerprint()

    assert Vllm(model="someone/some-model", revision="abc").fingerprint() == {"model": "someone/some-model@abc"}


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))

    with pytest.raises(ValueError, match="safetensors"):
        Vllm(model=str(tmp_path)).fingerprint()


def test_gpus_and_parts_of_the_model_have_to_agree() -> None:
    with pytest.raises(ValueError, match="tensor_parallel_size"):
        Vllm(model="m", gpus=4, tensor_parallel_size=2)

    assert Vllm(model="m", gpus=2, tensor_parallel_size=2, workers=3).resources.workers == 3
