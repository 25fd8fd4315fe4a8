"""Byte-pair encoding over bytes, trained on a sample of the corpus."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from pipelines.codecs.tokenizer.byte_level import (
    BYTE_TOKENS,
    END_TEXT,
    TOKENIZER_FILE,
    spelled_tokens,
    tokenizer_folder,
)
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens
from pipelines.contracts.mistakes import Mistake
from pipelines.corpus.text_sample import text_sample
from pipelines.texts.arrays import bytes_and_offsets

if TYPE_CHECKING:
    import ray.data

SPACE, DELETE = 0x20, 0x7F
KNOWN_WORDS, KNOWN_CHARACTERS = 300_000, 64  # about 80 MB; then the memory starts anew


class Bpe(Codec):
    """Byte-level BPE (Sennrich et al., 2016; over bytes as in Radford et al., 2019) by the `tokenizers` library.

    Any text can be spelled, since all 256 bytes are tokens, and text that looks like the end token is spelled out.
    Bytes that are no UTF-8 are refused: words are found in characters.
    `vocab` counts all tokens; a corpus with too few different words gives fewer. `sample_bytes` is about how much text
    it learns from, taken row by row by a hash of the id.
    """

    vocab: int = Field(2000, ge=BYTE_TOKENS)
    sample_bytes: int = Field(16 << 20, gt=0)

    def train(self, rows: "ray.data.Dataset", seed: int) -> dict[str, bytes]:
        """`tokenizer.json` learned from a sample of the columns id and text; Mistake where there is no text.

        The same rows in any order and number of blocks give the same file.
        """
        texts = text_sample(rows, self.sample_bytes, seed, "bpe")
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
        self._known: dict[str, npt.NDArray[np.uint32]] = {}

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One array of tokens a text, the same as the tokenizer gives for the text as a whole.

        Every different word is encoded once, in batches of natural text that is several times faster. Mistake on
        bytes that are no UTF-8.
        """
        words, first_words = split_words(pa.array([_characters(text) for text in texts], pa.large_string()))
        if not len(words):
            return [np.zeros(0, np.uint32) for _ in texts]
        coded = words.dictionary_encode()
        tokens, ends = _gathered(self._pieces(coded.dictionary.to_pylist()), coded.indices.to_numpy())
        return np.split(tokens, ends[first_words[1:-1]])

    def _pieces(self, words: list[str]) -> list[npt.NDArray[np.uint32]]:
        """The tokens of each word; those of short words are remembered for the next batches."""
        new = [word for word in words if word not in self._known]
        encodings = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        fresh = {word: np.array(encoding.ids, np.uint32) for word, encoding in zip(new, encodings, strict=True)}
        pieces = [fresh[word] if word in fresh else self._known[word] for word in words]
        if len(self._known) > KNOWN_WORDS:
            self._known.clear()
        self._known.update((word, piece) for word, piece in fresh.items() if len(word) <= KNOWN_CHARACTERS)
        return pieces

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


def split_words(texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The words of a large_string array, end to end, and (n + 1,) the position of every text's first word.

    A word begins where a space follows a visible ASCII character. GPT-2's pattern always separates there, as its tokens
    are a run of white space or one space and a run of something else, so words can be encoded one by one.
    """
    data, offsets = bytes_and_offsets(texts)
    data = data[: offsets[-1]]
    breaks = np.flatnonzero((data[1:] == SPACE) & (data[:-1] > SPACE) & (data[:-1] < DELETE)) + 1
    is_start = np.zeros(len(data) + 1, dtype=bool)
    is_start[breaks[breaks > offsets[0]]] = is_start[offsets] = True
    starts = np.flatnonzero(is_start)
    words = pa.LargeStringArray.from_buffers(len(starts) - 1, pa.py_buffer(starts), pa.py_buffer(data))
    return words, np.searchsorted(starts, offsets)


def _gathered(
    pieces: Sequence[npt.NDArray[np.uint32]], order: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The pieces joined in `order`, and (len(order) + 1,) the position where each begins, the last being the end."""
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    piece_starts = np.cumsum(lengths) - lengths
    taken = lengths[order]
    ends = np.concatenate([[0], np.cumsum(taken)])
    positions = np.arange(ends[-1]) + np.repeat(piece_starts[order] - ends[:-1], taken)
    return np.concatenate(pieces)[positions], ends


def train_tokenizer(texts: Sequence[str], vocab: int) -> bytes:
    """`tokenizer.json` of a byte-level BPE without normalization; token 0 ends a document."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[END_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))
    return tokenizer.to_str().encode("utf-8")
