"""Chats: messages as the text and the tokens that a model reads, whatever a document in them spells."""

import re
from collections.abc import Sequence
from typing import Any

from pipelines.contracts.engine import Message

FIRST_STAND_IN = 0xF0000  # Unicode's private planes, whose characters stand for nothing elsewhere
STAND_IN = re.compile(f"([{chr(FIRST_STAND_IN)}-{chr(0x10FFFD)}])")

SAID = "What the system says."


class Chat:
    """The form of one tokenizer's chats: its chat template, without one the messages one below the other.

    A control token that a message spells, such as <|im_end|> in a page about chat models, is read as the characters
    that it is made of. Control tokens are the special ones, and of those that were added those that the template names.
    In the text each is one private character, so that a template cannot take it apart; messages lose other such ones.
    """

    def __init__(self, tokenizer: Any) -> None:
        """The form, read from a tokenizer of transformers."""
        self._tokenizer = tokenizer
        self._template: str = tokenizer.get_chat_template() if tokenizer.chat_template else ""
        self._controls = sorted(
            token.content
            for token in tokenizer.added_tokens_decoder.values()
            if token.special or (token.content.strip() and token.content in self._template)
        )
        longest_first = sorted(self._controls, key=len, reverse=True)
        self._spelled = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._takes_system = not self._template or self._reads_the_system()

    def text(self, messages: Sequence[Message]) -> str:
        """The chat as the model reads it, up to the place where its answer begins.

        Where the template knows no system, its text stands before the first other message. Templates of models that can
        think aloud are asked not to; others do not know the argument and ignore it.
        """
        plain = [Message(message.role, self._without_controls(message.content)) for message in messages]
        if not self._template:
            return "\n\n".join([*(message.content for message in plain), ""])
        return self._templated(plain if self._takes_system else _without_system(plain))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text of `text`; a chat template has written the special tokens already."""
        if not texts:
            return []
        every = self._tokenizer(list(texts), add_special_tokens=not self._template)["input_ids"]
        return [self._by_pieces(text) if STAND_IN.search(text) else ids for text, ids in zip(texts, every, strict=True)]

    def _templated(self, messages: Sequence[Message]) -> str:
        text: str = self._tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        return text

    def _reads_the_system(self) -> bool:
        """Whether the template takes what the system says, instead of failing or leaving it out."""
        from jinja2 import TemplateError

        try:
            return SAID in self._templated([Message("system", SAID), Message("user", "Hello.")])
        except TemplateError:
            return False

    def _without_controls(self, content: str) -> str:
        content = STAND_IN.sub("", content)
        if self._spelled is None:
            return content
        return self._spelled.sub(lambda found: chr(FIRST_STAND_IN + self._controls.index(found[0])), content)

    def _by_pieces(self, text: str) -> list[int]:
        """The ids of a text in which control tokens are spelled: they part it, as such ones do."""
        ids: list[int] = []
        for number, piece in enumerate(STAND_IN.split(text)):
            if number % 2:
                ids += self._characters(self._controls[ord(piece) - FIRST_STAND_IN])
            else:
                first = number == 0 and not self._template
                ids += self._tokenizer(piece, add_special_tokens=first)["input_ids"]
        return ids

    def _characters(self, control: str) -> list[int]:
        """The ids of a control token's spelling, in two parts: some tokenizers know no other way not to find it."""
        parts = self._tokenizer([control[:1], control[1:]], add_special_tokens=False, split_special_tokens=True)
        return [number for ids in parts["input_ids"] for number in ids]


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The messages, what the system says being the beginning of the first of the others."""
    said = [message.content for message in messages if message.role == "system"]
    first, *others = [message for message in messages if message.role != "system"] or [Message("user", "")]
    return [Message(first.role, "\n\n".join([*said, first.content])), *others]
