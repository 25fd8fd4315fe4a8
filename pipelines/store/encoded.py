"""Encoded data: the codec that made the tokens of a stored dataset, opened from its own files."""

import hashlib
from typing import Any

from pydantic import ValidationError

from pipelines.contracts.codec import Codec, Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import CODEC_FILES
from pipelines.store.address import check_versions
from pipelines.store.manifest import OTHER_RELEASE, Manifest, Stored
from pipelines.store.store import Store


class Encoded(Stored):
    """What step `encode` keeps in its manifest's details: all that reading the tokens takes.

    `vocab_size` counts all tokens, `end` closes a document; `codec` are the codec's parameters and `files` the sha256
    of each of its files by name.
    """

    vocab_size: int
    end: int
    lossless: bool
    codec: dict[str, Any]
    files: dict[str, str]


def open_coder(encoded: Manifest, store: Store) -> Coder:
    """The coder that step `encode` trained, from what its manifest says and nothing else.

    Mistake where its files are not those, or this release's codec is another one.
    """
    return encoded_with(encoded).open(codec_files(encoded, store))


def encoded_with(encoded: Manifest) -> Codec:
    """The codec of the tokens, as their manifest describes it; Mistake where this release has another version."""
    try:
        codec = Codec.model_validate(encoded.details_as(Encoded).codec)
    except ValidationError as error:
        raise Mistake(f"the codec of '{encoded.address}' is of another release; {OTHER_RELEASE}") from error
    check_versions(codec, encoded.ingredients["codec"])
    return codec


def codec_files(encoded: Manifest, store: Store) -> dict[str, bytes]:
    """The trained codec's files by name; Mistake, with the cure, where one is gone or did not make the tokens."""
    hashes = encoded.details_as(Encoded).files
    return {name: _codec_file(encoded, store, name, expected) for name, expected in hashes.items()}


def _codec_file(encoded: Manifest, store: Store, name: str, expected: str) -> bytes:
    file = encoded.files[f"{CODEC_FILES}/{name}"]
    try:
        content = store.read(file)
    except FileNotFoundError as error:
        raise store.damaged(file, "is gone") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise store.damaged(file, f"is not the file that the tokens of {encoded.address} were made with")
    return content
