"""Encoded data: the codec that made the tokens of a stored dataset, opened from its own files."""

import hashlib

from pipelines.contracts.codec import Codec, Coder
from pipelines.contracts.rows import CODEC_FILES
from pipelines.store.address import check_versions
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store


def open_coder(encoded: Manifest, store: Store) -> Coder:
    """The coder that step `encode` trained, from what its manifest says and nothing else.

    ValueError where its files are not those, or this release's codec is another one.
    """
    return encoded_with(encoded).open(codec_files(encoded, store))


def encoded_with(encoded: Manifest) -> Codec:
    """The codec of the tokens, as their manifest describes it; ValueError where this release has another version."""
    codec = Codec.model_validate(encoded.details["codec"])
    check_versions(codec, encoded.recipe["codec"])
    return codec


def codec_files(encoded: Manifest, store: Store) -> dict[str, bytes]:
    """The trained codec's files by name; ValueError where one is not the file that the tokens were made with."""
    files = {name: store.read(encoded.files[f"{CODEC_FILES}/{name}"]) for name in encoded.details["files"]}
    for name, expected in encoded.details["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise ValueError(
                f"'{store.path(encoded.files[f'{CODEC_FILES}/{name}'])}' is not the file that the tokens of "
                f"{encoded.address} were made with; copy it from where they were made, or encode them anew"
            )
    return files
