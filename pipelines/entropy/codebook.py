"""Codebook: all that an encoder of independent windows does, as a trie in four arrays and one file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.sealed import seal, unseal

FILE = "codebook"
Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Codebook:
    """A trie over bytes; node 0 is the empty string and every node stands behind its parent. All arrays are (n,).

    The encoder walks from the root as far as the text goes along, writes the code of the node where it stops and moves
    on by `taken` bytes, the depth of that node or less. `codes[0]` and `taken[0]` are 0 and never used.
    """

    parents: Int32Array
    letters: npt.NDArray[np.uint8]
    codes: Int32Array
    taken: Int32Array

    def meanings(self) -> list[tuple[int, bytes]]:
        """Code and text of every code that can occur, ascending.

        Where several strings that are written whole share a code, it is read as the longest: a decoder cannot see at
        which one the encoder stopped.
        """
        texts = self._texts()
        whole = [node for node in range(1, len(texts)) if self.taken[node] == len(texts[node])]
        longest = {int(self.codes[node]): texts[node] for node in sorted(whole, key=lambda node: len(texts[node]))}
        return sorted(longest.items())

    def _texts(self) -> list[bytes]:
        texts = [b""]
        for parent, letter in zip(self.parents[1:].tolist(), self.letters[1:].tolist(), strict=True):
            texts.append(texts[parent] + bytes((letter,)))
        return texts


def save(codebook: Codebook, facts: Any) -> dict[str, bytes]:
    """The codebook's file by name; `facts` say what it was compiled from."""
    return {FILE: seal("codebook", facts, vars(codebook))}


def load(files: dict[str, bytes], facts: Any, codec: str) -> Codebook:
    """The codebook; ValueError where there is none, it is not whole, or it was compiled from something else."""
    if FILE not in files:
        raise ValueError(f"codec '{codec}' needs a file {FILE}, given {sorted(files)}; train the codec first")
    sealed = unseal("codebook", files[FILE])
    if sealed.facts != facts:
        raise ValueError(
            f"codec '{codec}' is described by {facts}, this codebook was compiled for {sealed.facts}; "
            "open it with the parameters that it was trained with, or train it anew"
        )
    return Codebook(**sealed.arrays)
