"""The coder of codec `bpe`: its tokens from its tokenizer.json, by the compiled loops of this folder."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.codecs.tokenizer.byte_level import END_TEXT, as_characters, spelled_tokens
from pipelines.codecs.tokenizer.merges import Merges, encoded
from pipelines.codecs.tokenizer.words import word_classes
from pipelines.contracts.codec import Coder, TokenArrays, Tokens
from pipelines.contracts.mistakes import Mistake
from pipelines.texts.arrays import utf8


class BytePairCoder(Coder):
    """Of a byte-level BPE; what its loops leave over is encoded by the library."""

    def __init__(self, content: bytes) -> None:
        """`content` is that of a tokenizer.json."""
        self._tokenizer = Tokenizer.from_buffer(content)
        self._tokenizer.encode_special_tokens = True  # a document may quote the end token: it is text there
        self.vocab_size = self._tokenizer.get_vocab_size()
        self.end = self._tokenizer.get_vocab()[END_TEXT]
        self._spelled = spelled_tokens(self._tokenizer.get_vocab())
        self._merges, self._classes = Merges.of(content), word_classes()

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One array of tokens a text, the same as the tokenizer gives. Mistake on bytes that are no UTF-8."""
        characters = pa.array([as_characters(text, "bpe") for text in texts], pa.large_string())
        tokens, ends, left_over = encoded(*utf8(characters), self._merges, self._classes)
        arrays = np.split(tokens, ends[1:-1]) if len(texts) else []
        for row in np.flatnonzero(left_over):
            encoding = self._tokenizer.encode(characters[row].as_py(), add_special_tokens=False)
            arrays[row] = np.array(encoding.ids, np.uint32)
        return arrays

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The bytes that these tokens spell. Mistake on the end token."""
        numbers = np.asarray(tokens, np.int64)
        known = numbers.size == 0 or 0 <= numbers.min() <= numbers.max() < self.vocab_size
        if not known or (numbers == self.end).any():
            raise Mistake(
                f"decode takes tokens below {self.vocab_size} other than the end token {self.end}; "
                "cut the documents apart at the end token first"
            )
        return b"".join([self._spelled[number] for number in numbers.tolist()])
