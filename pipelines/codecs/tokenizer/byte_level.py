"""Byte-level tokenizers: how their files write each byte, and the folder that transformers opens."""

import json
from operator import itemgetter

TOKENIZER_FILE = "tokenizer.json"
END_TEXT = "<|end|>"
BYTE_TOKENS = 257  # every byte and the end: the least vocabulary that can spell any text


def tokenizer_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """tokenizer.json with a configuration under which transformers spells text that looks like the end token out."""
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END_TEXT,
        "pad_token": END_TEXT,
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
