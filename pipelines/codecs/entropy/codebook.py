"""Codebook: all that an encoder of independent windows does, as a trie in four arrays and one file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from pipelines.store.sealed import seal, unseal

FILE = "codebook"
MOST_CODES = 1 << 16
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

    def check(self) -> None:
        """Raises Mistake where these arrays are no trie that texts can be encoded and decoded with.

        A hash tells damage; this tells a file that something else made, and that could lead compiled loops astray.
        """
        count = len(self.parents)
        if not all(array.shape == (count,) for array in vars(self).values()) or count < 257:
            raise Mistake("a codebook has 257 nodes or more in arrays of one length; compile it anew")
        types = {name: array.dtype.name for name, array in vars(self).items()}
        if types != {"parents": "int32", "letters": "uint8", "codes": "int32", "taken": "int32"}:
            raise Mistake(f"a codebook has letters of uint8 beside numbers of int32, not {types}; compile it anew")
        behind = self.parents[1:] < np.arange(1, count)
        edges = self.parents[1:].astype(np.int64) << 8 | self.letters[1:]
        if not behind.all() or self.parents.min() < 0 or np.unique(edges).size < count - 1:
            raise Mistake("a codebook's nodes stand behind their parents, one for each byte; compile it anew")
        if np.count_nonzero(self.parents[1:] == 0) < 256:
            raise Mistake("a codebook needs a code for each of the 256 bytes; compile it from a byte model anew")
        depths = self._depths()
        if (self.taken[1:] < 1).any() or (self.taken > depths).any():
            raise Mistake("a codebook's codes take at least one byte and no more than were read; compile it anew")
        if (self.codes[self._ancestors(depths - self.taken)] != self.codes).any():
            raise Mistake("a codebook's code is that of the bytes that it takes; compile it anew")
        if not 0 <= self.codes.min() <= self.codes.max() < MOST_CODES:
            raise Mistake(f"a codebook's codes are numbers below {MOST_CODES}; compile it anew")

    def check_lossless(self) -> None:
        """Raises Mistake where two strings that are written whole share a code, so that one is read as the other."""
        whole = self.taken[1:] == self._depths()[1:]
        if np.unique(self.codes[1:][whole]).size < np.count_nonzero(whole):
            raise Mistake("two strings of this codebook share a code; compile it anew")

    def _depths(self) -> Int32Array:
        depths = [0] * len(self.parents)
        for node, parent in enumerate(self.parents[1:].tolist(), 1):
            depths[node] = depths[parent] + 1
        return np.array(depths, np.int32)

    def _ancestors(self, steps: Int32Array) -> Int32Array:
        """(n,) for each node the ancestor that is as many steps nearer to the root as `steps` (n,) says."""
        found = np.arange(len(steps), dtype=np.int32)
        for done in range(int(steps.max())):
            found = np.where(steps > done, self.parents[found], found)
        return found

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


def save(codebook: Codebook, facts: Any, model_hash: str) -> dict[str, bytes]:
    """The codebook's file by name; `facts` say what it was compiled for, `model_hash` from which trained byte model."""
    return {FILE: seal("codebook", {"codec": facts, "model_sha256": model_hash}, vars(codebook))}


def load(files: dict[str, bytes], facts: Any, codec: str) -> Codebook:
    """The codebook; Mistake where there is none, it is not whole, or it was compiled from something else."""
    if FILE not in files:
        raise Mistake(f"codec '{codec}' needs a file {FILE}, given {sorted(files)}; train the codec first")
    sealed = unseal("codebook", files[FILE])
    if sealed.facts["codec"] != facts:
        raise Mistake(
            f"codec '{codec}' is described by {facts}, this codebook was compiled for {sealed.facts['codec']}; "
            "open it with the parameters that it was trained with, or train it anew"
        )
    codebook = Codebook(**sealed.arrays)
    codebook.check()
    return codebook
