"""Tokenizing: texts to what a stored model reads of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import loadable

TokenizeFn = Callable[[list[str]], list[list[int]]]


def open_tokenizer(model: str, revision: str | None) -> TokenizeFn:
    """The model's tokenizer: texts to token ids behind the begin (else end) token, where the model has one.

    Text that spells a special token stays text.
    """
    tokenizer = _tokenizer(model, revision)
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    head = [] if begin is None else [begin]

    def tokenize(texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        encoded = tokenizer(
            texts, add_special_tokens=False, return_attention_mask=False, split_special_tokens=True, verbose=False
        )
        return [head + ids for ids in encoded["input_ids"]]

    return tokenize


@dataclass(frozen=True)
class Wrapped:
    """A tokenizer that adds nothing to a text, and the token ids that belong before and after each."""

    tokenize: TokenizeFn
    before: list[int]
    after: list[int]


def open_wrapped(model: str, revision: str | None) -> Wrapped:
    """The model's tokenizer, what it puts around a text told apart; text that spells a special token stays text."""
    tokenizer = _tokenizer(model, revision)
    options = {"return_attention_mask": False, "split_special_tokens": True, "verbose": False, "truncation": False}

    def tokenize(texts: list[str]) -> list[list[int]]:
        return list(tokenizer(texts, add_special_tokens=False, **options)["input_ids"]) if texts else []

    (bare,) = tokenize(["a"])
    whole = list(tokenizer(["a"], **options)["input_ids"][0])
    at = next(place for place in range(len(whole)) if whole[place : place + len(bare)] == bare)
    return Wrapped(tokenize, whole[:at], whole[at + len(bare) :])


def open_offsets(model: str, revision: str | None) -> TokenizeFn:
    """The model's tokenizer as a function from texts to the characters at which their tokens begin.

    Mistake where it is none of the `tokenizers` library, since no other tells them.
    """
    tokenizer = _fast(model, revision)

    def starts(texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        encoded = tokenizer(
            texts, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=True, verbose=False
        )
        return [[start for start, _ in offsets] for offsets in encoded["offset_mapping"]]

    return starts


def open_fast(model: str) -> tuple[bytes, str | None]:
    """The `tokenizer.json` of the model's tokenizer, and the text of its end token; Mistake where it has no such form.

    That is the form of the `tokenizers` library, in which all of a tokenizer is one file.
    """
    tokenizer = _fast(model, None)
    return tokenizer.backend_tokenizer.to_str().encode(), tokenizer.eos_token


def _fast(model: str, revision: str | None) -> Any:
    tokenizer = _tokenizer(model, revision)
    if not tokenizer.is_fast:
        raise Mistake(
            f"the tokenizer of model '{model}' ({type(tokenizer).__name__}) is none of the `tokenizers` library; "
            "save it in that form beside the model, as tokenizer.json"
        )
    return tokenizer


def _tokenizer(model: str, revision: str | None) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(loadable(model), revision=revision, trust_remote_code=False)
