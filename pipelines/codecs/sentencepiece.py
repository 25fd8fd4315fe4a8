"""Unigram pieces of words, as SentencePiece makes them, over bytes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import Field

from pipelines.codecs.tokenizer.byte_level import (
    BYTE_TOKENS,
    END_TEXT,
    TOKENIZER_FILE,
    byte_characters,
    spelled_tokens,
    tokenizer_folder,
)
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample

DIGITS = 6  # of a score: the trainer's threads add up in any order, which moves digits from the 13th on
BYTE_SPREAD = 256 * 0.0001


class Sentencepiece(Codec):
    """A Unigram language model of pieces (Kudo, 2018) by the `tokenizers` library; the paper's SentencePiece baseline.

    As in SentencePiece a piece never reaches over the beginning of a word, and a text becomes its most probable pieces.
    Unlike there pieces are made of bytes instead of characters, all 256 of them are pieces, and nothing is normalized:
    so any bytes come back as they were. `vocab` counts all tokens, the last of which ends a document; a corpus with too
    few different words gives fewer.
    """

    vocab: int = Field(32_000, ge=BYTE_TOKENS)
    sample_bytes: int = Field(16 << 20, gt=0)

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`tokenizer.json` learned from a sample of the corpus' text."""
        texts = sample(self.sample_bytes, seed, "sentencepiece")
        return {TOKENIZER_FILE: train_tokenizer(texts, self.vocab)}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where `files` has no tokenizer.json."""
        if TOKENIZER_FILE not in files:
            raise Mistake(f"codec 'sentencepiece' needs {TOKENIZER_FILE}, given {sorted(files)}; train it first")
        return _UnigramCoder(files[TOKENIZER_FILE])

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files of a folder that `AutoTokenizer.from_pretrained` opens: the tokenizer and its configuration."""
        return tokenizer_folder(files)


class _UnigramCoder(Coder):
    def __init__(self, content: bytes) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(content)
        self._tokenizer.pre_tokenizer = _before_words()  # texts come as byte characters already, broken UTF-8 too
        self._tokenizer.encode_special_tokens = True  # a document may quote the end token: it is text there
        self._spelled = spelled_tokens(self._tokenizer.get_vocab())
        self._characters = dict(enumerate(byte_characters()))
        self.vocab_size = len(self._spelled)
        self.end = self.vocab_size - 1

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """The most probable pieces of each text."""
        spelled = [as_bytes(text).decode("latin-1").translate(self._characters) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(spelled, add_special_tokens=False)
        return [np.array(encoding.ids, np.uint32) for encoding in encodings]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The bytes that these pieces spell. Mistake on the end token."""
        numbers = np.asarray(tokens, np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < self.end:
            raise Mistake(f"decode takes tokens below the end token {self.end}; cut the documents apart there first")
        return b"".join([self._spelled[number] for number in numbers.tolist()])


def train_tokenizer(texts: Sequence[str], vocab: int) -> bytes:
    """`tokenizer.json` of a byte-level Unigram model without normalization; the last token ends a document."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), _before_words()]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocab - 1, initial_alphabet=byte_characters(), special_tokens=[], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))
    tokenizer.model = models.Unigram(_settled(json.loads(tokenizer.to_str())["model"]["vocab"]))
    tokenizer.add_special_tokens([AddedToken(END_TEXT, normalized=False, special=True)])
    return tokenizer.to_str().encode("utf-8")


def _before_words() -> Any:
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Split(byte_characters()[ord(" ")], "merged_with_next")


def _settled(pieces: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The pieces with scores that are the same for every run of the trainer, the best first; the end token is none.

    The trainer gives bytes that it has no score for the least one and up to BYTE_SPREAD more, in the order of a hash
    table; here all in that range have the least one.
    """
    least = min(score for _, score in pieces)
    levelled = [
        (piece, score if score > least + BYTE_SPREAD else least) for piece, score in pieces if piece != END_TEXT
    ]
    return sorted(((piece, round(score, DIGITS)) for piece, score in levelled), key=lambda entry: (-entry[1], entry[0]))
