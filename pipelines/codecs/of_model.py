"""Codec `of_model`: the tokenizer of a stored model, so that proxies and the models to be trained share one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE, as_characters, byte_characters, tokenizer_folder
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample
from pipelines.inference.model_check import check_tokenizer
from pipelines.inference.model_files import ModelName, tokenizer_fingerprint
from pipelines.inference.tokenizing import open_fast

END_FILE = "end.txt"  # holds the text of the token that ends a document
ODD_TEXTS = (
    " a",
    "  a  b ",
    "a\r\n\tb \n\n",
    "don 't , yes .",
    "CAPITALS",
    "e\u0301",
    "\u212b",
    "\ufb01",
    "\uff21",
    "\ufffd",
)
CURE = "choose a model with another tokenizer, or codec 'bpe', which is trained on the corpus"


class OfModel(Codec):
    """The tokens of `model`, a model folder or one of the run's models ("@name"); a document ends in its end token.

    Nothing is learned. The tokenizer has to be one of the `tokenizers` library over bytes, as of GPT-2, Pythia or
    LLaMA 3, and must not lose text: one that normalizes it, or puts a space in front, is refused with an example of
    what it loses. Text that looks like a special token is spelled out, no begin token is put in front, and bytes that
    are no UTF-8 are refused. A model trained on these tokens is exported with the same tokenizer.
    """

    model: ModelName

    def fingerprint(self) -> dict[str, str]:
        """The hash of the tokenizer's files, or the address of the model's training."""
        return tokenizer_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no folder with a tokenizer; that of "@name" has yet to be made."""
        check_tokenizer(self.model)

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """The model's tokenizer; `sample` is not called. Mistake where it is not over bytes, or loses some text."""
        content, end = open_fast(self.model)
        if end is None:
            raise Mistake(f"the tokenizer of model '{self.model}' has no end token to end a document with; {CURE}")
        coder, texts = _ModelCoder(content, end), list(_odd_texts(content))
        lost = [text for text, tokens in zip(texts, coder.encode(texts), strict=True) if not coder.gives(text, tokens)]
        if lost:
            raise Mistake(f"the tokenizer of model '{self.model}' loses text: {lost[0]!r} does not come back; {CURE}")
        return {TOKENIZER_FILE: content, END_FILE: end.encode()}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where `files` are not those of a tokenizer."""
        if set(files) != {TOKENIZER_FILE, END_FILE}:
            raise Mistake(
                f"codec 'of_model' needs {TOKENIZER_FILE} and {END_FILE}, given {sorted(files)}; make it anew"
            )
        return _ModelCoder(files[TOKENIZER_FILE], files[END_FILE].decode())

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The files of a folder that `AutoTokenizer.from_pretrained` opens: the tokenizer, without begin token."""
        return tokenizer_folder(files, files[END_FILE].decode())


class _ModelCoder(Coder):
    def __init__(self, content: bytes, end: str) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(content)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # a document may quote a special token: it is text there
        vocab = self._tokenizer.get_vocab()
        self.vocab_size, self.end = 1 + max(vocab.values()), vocab[end]
        self._spelled = _spelled(self._tokenizer)

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One array of tokens a text, those that the model would read behind its begin token. Mistake on no UTF-8."""
        characters = [as_characters(text, "of_model") for text in texts]
        encodings = self._tokenizer.encode_batch_fast(characters, add_special_tokens=False)
        return [np.array(encoding.ids, np.uint32) for encoding in encodings]

    def gives(self, text: str, tokens: Tokens) -> bool:
        """Whether the tokens stand for the text."""
        pieces = [self._spelled.get(number) for number in np.asarray(tokens).tolist()]
        return None not in pieces and b"".join(piece or b"" for piece in pieces) == text.encode()

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The bytes that these tokens spell. Mistake on the end token and on other tokens that no text has."""
        numbers = np.asarray(tokens, np.int64).tolist()
        if wrong := [number for number in numbers if number not in self._spelled]:
            raise Mistake(
                f"token {wrong[0]} stands for no text; cut the documents apart at the end token {self.end} first"
            )
        return b"".join([self._spelled[number] for number in numbers])


def _spelled(tokenizer: Any) -> dict[int, bytes]:
    """The bytes that each token stands for, by number, without those of special tokens; Mistake where one has none."""
    added = tokenizer.get_added_tokens_decoder()
    byte_of = {character: byte for byte, character in enumerate(byte_characters())}
    found = {number: each.content.encode() for number, each in added.items() if not each.special}
    for token, number in tokenizer.get_vocab().items():
        if number in added:
            continue
        if not all(character in byte_of for character in token):
            raise Mistake(f"this tokenizer's tokens are not spelled in bytes, as {token!r} shows; {CURE}")
        found[number] = bytes(byte_of[character] for character in token)
    return found


def _odd_texts(content: bytes) -> Iterator[str]:
    """Texts in which each byte of UTF-8 stands, and some that tokenizers are known to change."""
    from tokenizers import Tokenizer

    beyond = (*range(0x1000, 0xD000, 0x1000), 0xE000, 0xF000, *range(0x10000, 0x110000, 0x40000))
    yield from (chr(code) for code in (*range(0x800), *beyond))
    yield from ODD_TEXTS
    for each in Tokenizer.from_buffer(content).get_added_tokens_decoder().values():
        yield f"a {each.content} b{each.content}{each.content}c"
