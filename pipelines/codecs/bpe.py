"""Byte-pair encoding over bytes, trained on a sample of the corpus."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from pipelines.codecs.tokenizer.byte_level import BYTE_TOKENS, END_TEXT, TOKENIZER_FILE, tokenizer_folder
from pipelines.contracts.codec import Codec, Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample

LONGEST_LEARNED = 256  # characters of a word


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
        from pipelines.codecs.tokenizer.byte_pair_coder import BytePairCoder

        return BytePairCoder(files[TOKENIZER_FILE])

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files of a folder that `AutoTokenizer.from_pretrained` opens: the tokenizer and its configuration."""
        return tokenizer_folder(files)


def train_tokenizer(texts: Sequence[str], vocab: int) -> bytes:
    """`tokenizer.json` of a byte-level BPE without normalization; token 0 ends a document.

    Words longer than LONGEST_LEARNED are learned from in pieces of that length, as the trainer takes quadratic time in
    the length of a word: 19 s for one of 200,000 letters.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer, words = Tokenizer(models.BPE()), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.FixedLength(LONGEST_LEARNED)])
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
