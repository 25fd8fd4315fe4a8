"""Byte-pair encoding over bytes, trained on a sample of the corpus."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.codecs.tokenizer.byte_level import (
    BYTE_TOKENS,
    END_TEXT,
    TOKENIZER_FILE,
    spelled_tokens,
    tokenizer_folder,
)
from pipelines.codecs.tokenizer.merges import LONGEST_WORD, Merges, encoded
from pipelines.codecs.tokenizer.words import word_classes
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample
from pipelines.texts.arrays import utf8


class Bpe(Codec):
    """Byte-level BPE (Sennrich et al., 2016; over bytes as in Radford et al., 2019) by the `tokenizers` library.

    Any text can be spelled, since all 256 bytes are tokens, and text that looks like the end token is spelled out.
    Bytes that are no UTF-8 are refused: words are found in characters.
    `vocab` counts all tokens; a corpus with too few different words gives fewer. `sample_bytes` is about how much text
    it learns from, taken row by row by a hash of the id.
    """

    version: ClassVar[int] = 2  # 2: learns from words of more than 256 characters in pieces

    vocab: int = Field(2000, ge=BYTE_TOKENS)
    sample_bytes: int = Field(16 << 20, gt=0)

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`tokenizer.json` learned from a sample of the corpus' text."""
        texts = sample(self.sample_bytes, seed, "bpe")
        return {TOKENIZER_FILE: train_tokenizer(texts, self.vocab)}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where `files` has no tokenizer.json."""
        if TOKENIZER_FILE not in files:
            raise Mistake(f"codec 'bpe' needs {TOKENIZER_FILE}, given {sorted(files)}; train the codec first")
        return _BpeCoder(files[TOKENIZER_FILE])

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files of a folder that `AutoTokenizer.from_pretrained` opens: the tokenizer and its configuration."""
        return tokenizer_folder(files)


class _BpeCoder(Coder):
    def __init__(self, content: bytes) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(content)
        self._tokenizer.encode_special_tokens = True  # a document may quote the end token: it is text there
        self.vocab_size = self._tokenizer.get_vocab_size()
        self.end = self._tokenizer.get_vocab()[END_TEXT]
        self._spelled = spelled_tokens(self._tokenizer.get_vocab())
        self._merges, self._classes = Merges.of(content), word_classes()

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One array of tokens a text, the same as the tokenizer gives. Mistake on bytes that are no UTF-8."""
        characters = pa.array([_characters(text) for text in texts], pa.large_string())
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


def _characters(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Mistake(
            f"codec 'bpe' reads UTF-8, and byte {error.start} of a text is none; use codec 'bytes', 'sentencepiece' or "
            "'equal_info_dense'"
        ) from error


def train_tokenizer(texts: Sequence[str], vocab: int) -> bytes:
    """`tokenizer.json` of a byte-level BPE without normalization; token 0 ends a document.

    Words longer than LONGEST_WORD are learned from in pieces of that length, as the trainer takes quadratic time in the
    length of a word: 19 s for one of 200,000 letters.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer, words = Tokenizer(models.BPE()), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.FixedLength(LONGEST_WORD)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[END_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))
    tokenizer.pre_tokenizer = words
    return tokenizer.to_str().encode("utf-8")
