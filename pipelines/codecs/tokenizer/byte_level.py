"""Byte-level tokenizers: how their files write each byte, and the folder that transformers opens."""

import json
from operator import itemgetter

from pipelines.contracts.mistakes import Mistake

TOKENIZER_FILE = "tokenizer.json"
END_TEXT = "<|end|>"
BYTE_TOKENS = 257  # every byte and the end: the least vocabulary that can spell any text


def tokenizer_folder(files: dict[str, bytes], end: str = END_TEXT) -> dict[str, bytes]:
    """tokenizer.json with a configuration under which transformers spells text that looks like the end token out."""
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": end,
        "pad_token": end,
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": True,
    }
    return {
        TOKENIZER_FILE: files[TOKENIZER_FILE],
        "tokenizer_config.json": json.dumps(configuration, indent=2).encode(),
    }


def spelled_tokens(vocab: dict[str, int]) -> list[bytes]:
    """The bytes that each token of a byte-level vocabulary stands for, by number; the end token's are its letters."""
    byte_of = {character: byte for byte, character in enumerate(byte_characters())}
    return [bytes(byte_of[character] for character in token) for token, _ in sorted(vocab.items(), key=itemgetter(1))]


def byte_characters() -> list[str]:
    """(256,) the printable characters by which byte-level BPE writes each byte in its files.

    A byte that is printable in Latin-1 stands for itself, the others for the characters from U+0100 on (Radford et al.,
    2019, the vocabulary of GPT-2).
    """
    kept = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    return [chr(byte if byte in kept else next(others)) for byte in range(256)]


def as_characters(text: str | bytes, codec: str) -> str:
    """The text as characters; Mistake, in the name of the codec, on bytes that are no UTF-8."""
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Mistake(
            f"codec '{codec}' reads UTF-8, and byte {error.start} of a text is none; use codec 'bytes', "
            "'sentencepiece' or 'equal_info_dense'"
        ) from error
