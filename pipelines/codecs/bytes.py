"""The codec that learns nothing: a token is a byte of UTF-8."""

import json
from collections.abc import Sequence

import numpy as np

from pipelines.codecs.tokenizer.byte_level import END_TEXT, TOKENIZER_FILE, byte_characters, tokenizer_folder
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample

END = 256


class Bytes(Codec):
    """257 tokens: the 256 bytes, each its own number, and one that ends a document."""

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """No files: there is nothing to learn, and `sample` is not called."""
        return {}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where files are given, since they belong to another codec."""
        if files:
            raise Mistake(
                f"codec 'bytes' has no files, given {sorted(files)}; open them with the codec that wrote them"
            )
        return _ByteCoder()

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files of a folder that `AutoTokenizer.from_pretrained` opens, with the same numbers for the same bytes.

        It is a byte-level BPE without merges, in the form of the `tokenizers` library.
        """
        vocab = {character: byte for byte, character in enumerate(byte_characters())} | {END_TEXT: END}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        end = {"id": END, "content": END_TEXT, "special": True}
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [end | flags],
            "normalizer": None,
            "pre_tokenizer": byte_level,
            "post_processor": None,
            "decoder": byte_level,
            "model": {"type": "BPE", "vocab": vocab, "merges": []},
        }
        return tokenizer_folder({TOKENIZER_FILE: json.dumps(tokenizer, ensure_ascii=False).encode()})


class _ByteCoder(Coder):
    vocab_size = END + 1
    end = END

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """(texts,) the UTF-8 bytes of each text, one token a byte."""
        return [np.frombuffer(as_bytes(text), np.uint8).astype(np.uint32) for text in texts]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The bytes with these numbers. Mistake on a number that is no byte."""
        numbers = np.asarray(tokens, np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < END:
            raise Mistake("decode takes bytes 0 to 255; cut the documents apart at the end token first")
        return numbers.astype(np.uint8).tobytes()
