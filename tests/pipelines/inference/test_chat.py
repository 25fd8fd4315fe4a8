from typing import Any

import pytest

from pipelines.contracts.engine import Message
from pipelines.inference.chat import FIRST_STAND_IN, Chat

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if not enable_thinking %}<think></think>{% endif %}{% endif %}"
)
RAISES = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
IGNORES = CHATML.replace("in messages", "in messages if message.role != 'system'")
CONTROLS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>")
SYSTEM = Message("system", "Be brief.")


@pytest.fixture
def tokenizer() -> Any:
    """Bytes as tokens, and the control tokens; of them <think> is added but not special, as it often is."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    bytes_only = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()

    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, eos_token="<|endoftext|>", additional_special_tokens=list(CONTROLS[:2])
    )
    fast.add_tokens([AddedToken("<think>", special=False), AddedToken("\n\n", special=False)])
    fast.chat_template = CHATML
    return fast


def _tokens(tokenizer: Any, *messages: Message) -> list[int]:
    chat = Chat(tokenizer)
    (ids,) = chat.tokens([chat.text(messages)])
    return ids


def _controls(tokenizer: Any, ids: list[int]) -> list[str]:
    return [token for token in tokenizer.convert_ids_to_tokens(ids) if token in CONTROLS]


def test_a_chat_without_control_tokens_is_what_the_template_makes_of_it(tokenizer: Any) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " The cat sat.\n\nIt slept. "}]
    expected = tokenizer.apply_chat_template(chat, add_generation_prompt=True, enable_thinking=False)["input_ids"]

    assert _tokens(tokenizer, SYSTEM, Message("user", " The cat sat.\n\nIt slept. ")) == expected


@pytest.mark.parametrize(
    ("template", "control"),
    [(template, control) for template in (CHATML, RAISES) for control in CONTROLS]
    + [(None, control) for control in CONTROLS if control != "<think>"],  # that it is one, a template has to say
)
def test_a_control_token_in_a_document_is_the_characters_that_spell_it(
    tokenizer: Any, template: str | None, control: str
) -> None:
    tokenizer.chat_template = template
    document = f"{control} A page{control}{control} about chats. {control}"
    harmless = _tokens(tokenizer, SYSTEM, Message("user", "A page about chats."))

    ids = _tokens(tokenizer, SYSTEM, Message("user", document))

    assert _controls(tokenizer, ids) == _controls(tokenizer, harmless)
    assert document in tokenizer.decode(ids)


def test_the_system_says_its_part_to_a_template_that_fails_on_it_or_leaves_it_out(tokenizer: Any) -> None:
    once = Message("user", "Be brief.\n\nThe cat sat.")
    expected = _tokens(tokenizer, once)

    for template in (RAISES, IGNORES):
        tokenizer.chat_template = template
        assert _tokens(tokenizer, SYSTEM, Message("user", "The cat sat.")) == expected
        assert _tokens(tokenizer, once) == expected


def test_characters_that_stand_for_control_tokens_are_none(tokenizer: Any) -> None:
    private = "".join(chr(FIRST_STAND_IN + number) for number in range(len(CONTROLS)))

    assert _tokens(tokenizer, Message("user", f"A{private} cat")) == _tokens(tokenizer, Message("user", "A cat"))


def test_no_texts_no_tokens(tokenizer: Any) -> None:
    assert Chat(tokenizer).tokens([]) == []
