"""Equal-Info Windows: every window of bits holds about the same information."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from pipelines.codecs.entropy.asking_codec import AskingCodec, in_model_folder, opened_model
from pipelines.codecs.entropy.codebook import Codebook, load, save
from pipelines.codecs.entropy.equal_windows import Rule, equal_windows
from pipelines.codecs.entropy.packing import Vocab, to_tokens, whole_windows
from pipelines.codecs.entropy.stepwise_windows import SEGMENT_WINDOWS, Reset, StepwiseWindows
from pipelines.contracts.byte_model import NextByte, files_hash
from pipelines.contracts.codec import Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.rows import TextSample
from pipelines.store.address import parameters

REMEMBERED_BITS = 32  # larger windows hold strings that hardly come twice


class EqualInfo(AskingCodec):
    """Windows of `bits` bits, arithmetic-coded by `model` from an empty context (arXiv 2404.03626, section 3.3).

    `vocab` is 65536 for tokens of 16 bits, 256 for tokens of 8; an odd number of windows of 24 bits is filled up with a
    zero byte. `reset` says where the model forgets what it read: at each `window`, at `every_other`, or `never` within
    a document. A document's tokens are whole windows, and the last one stands for its own string like any other, so no
    length is needed.

    `rule: greedy` is the paper's: the most bytes that fit, filled up with zero bits. It is not uniquely decodable: the
    decoder cannot see that the encoder stopped at a byte that did not fit, where another would have gone on in the same
    bits (how often: docs/compression.md). `rule: delay` puts the fewest bytes with the same bits into a window, and
    loses nothing; zero bytes, whose bits are zeros, however many, have a window each.

    Windows of 16 bits with a reset at each are compiled once by `train` into a codebook; neither encoding nor decoding
    asks the model then. All others ask it, `batch` texts side by side, and the model's files are the codec's.
    """

    version: ClassVar[int] = 2

    bits: Literal[16, 24, 32, 64, 128] = 16
    reset: Reset = "window"
    vocab: Vocab = 65536
    rule: Rule = "delay"

    @property
    def lossless(self) -> bool:
        """True under `rule: delay`; under `greedy` two texts can have the same tokens."""
        return self.rule == "delay"

    @property
    def asks_model(self) -> bool:
        """False for windows of 16 bits with a reset at each, which `train` compiles; true for all others."""
        return self.bits != 16 or self.reset != "window"

    @property
    def decodes_whole(self) -> bool:
        """True where the model never forgets what it read of a document."""
        return self.reset == "never"

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`codebook`, or the files under `model/`, of a model that learns from a sample of the corpus' text."""
        files = self.model.train(sample, seed)
        if self.asks_model:
            return in_model_folder(files)
        codebook = equal_windows(self.model.open(files).predict, self.bits, self.rule)
        return save(codebook, self._facts(), files_hash(files))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where files are missing, not whole, or made for other parameters."""
        if self.asks_model:
            return _AskingCoder(opened_model(self.model, files, "equal_info"), self)
        codebook = load(files, self._facts(), "equal_info")
        if self.lossless:
            codebook.check_lossless()
        return _CodebookCoder(codebook, self.vocab)

    def _facts(self) -> dict[str, Any]:
        return {"strings": "equal_windows", "bits": self.bits, "rule": self.rule, "model": parameters(self.model)}


class _CodebookCoder(Coder):
    def __init__(self, codebook: Codebook, vocab: Vocab) -> None:
        from pipelines.codecs.entropy.walker import Walker

        self._walker = Walker(codebook)
        self._vocab = vocab
        self.vocab_size, self.end = vocab + 1, vocab
        self.window = 1 if vocab == 65536 else 2

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One token a window, or two with the high byte first."""
        windows = self._walker.encode([as_bytes(text) for text in texts])
        return windows if self._vocab == 65536 else [to_tokens(each.astype(">u2").tobytes(), 256) for each in windows]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of whole windows; Mistake on half a window and on a window that no text has."""
        if self._vocab == 65536:
            return self._walker.decode(tokens)
        return self._walker.decode(np.frombuffer(whole_windows(tokens, 256, 16), ">u2"))


class _AskingCoder(Coder):
    """Asks the model for what it encodes and decodes, and remembers the answers for windows of few bits."""

    def __init__(self, model: NextByte, codec: EqualInfo) -> None:
        from pipelines.codecs.entropy.growing_trie import GrowingTrie

        stepwise = StepwiseWindows(model, codec.bits, codec.rule, codec.reset, codec.batch)
        remembers = codec.reset == "window" and codec.bits <= REMEMBERED_BITS
        self._encode = (GrowingTrie(model, codec.bits, codec.rule, codec.batch) if remembers else stepwise).encode
        self._decode = stepwise.decode
        self._bits, self._vocab = codec.bits, codec.vocab
        self.vocab_size, self.end = codec.vocab + 1, codec.vocab
        self.flops_per_byte = model.flops_per_byte
        self.window = tokens_alone(codec)

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """The bits of all windows one behind the other, cut into tokens, the high bits first."""
        return [to_tokens(stream, self._vocab) for stream in self._encode([as_bytes(text) for text in texts])]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of whole windows; Mistake on a part of a window and on a window that no text has."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each, side by side; a Mistake names the window's number in its document."""
        return self._decode([whole_windows(tokens, self._vocab, self._bits) for tokens in documents])


def tokens_alone(codec: EqualInfo) -> int:
    """The fewest tokens that can be decoded alone: whole windows from one reset to the next; 0 without resets."""
    token_bits = codec.vocab.bit_length() - 1
    return (
        0 if codec.reset == "never" else math.lcm(codec.bits * SEGMENT_WINDOWS[codec.reset], token_bits) // token_bits
    )
