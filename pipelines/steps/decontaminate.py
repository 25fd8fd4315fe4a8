"""Step `decontaminate`: no document that shares word n-grams with a held-out text goes on.

The default, any shared 13-gram, is that of GPT-3 (Brown et al. 2020, appendix C); a share above zero gives the rule of
HARE (section 3.4), which drops a document when more than that share of its n-grams is held out. What matched what is in
the dropped rows: the held-out set, the held-out document and the words shared.

Words are those of the folded text (`pipelines/texts/words.py`): letters and digits in NFKC and lower case, whatever
quotes, dashes or white space stand between them; in Chinese, Japanese and Thai every letter is a word.
"""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import DROPPED, ID, TEXT, Fitted, Outcome
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.sources.reading.ingest import read_all

EXCERPT_BYTES = 160


class Decontaminate(Step):
    """Drops documents with more than `max_share` of their n-grams in one of the held-out sets, as `held_out:<set>`.

    A document or held-out text of fewer than `words` words has no n-gram and is never matched.
    """

    version: ClassVar[int] = 2  # 2: words of the folded text, letters of scripts without spaces by themselves

    against: dict[str, Source] = Field(min_length=1)
    words: int = Field(default=13, ge=1)
    max_share: float = Field(default=0.0, ge=0.0, lt=1.0)

    def check(self) -> None:
        """Raises Mistake where the input of a held-out set is missing."""
        for source in self.against.values():
            source.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The n-grams of the held-out texts as sorted 64-bit hashes, and which text each one is from: 12 bytes each."""
        from pipelines.texts.folding import lettered
        from pipelines.texts.ngrams import ngrams

        grams, owners = [], []
        names: list[str] = []
        for name, source in self.against.items():
            texts = read_all(source)
            found, owner = ngrams(lettered(texts[TEXT].combine_chunks()), self.words)
            grams.append(found)
            owners.append(owner + len(names))
            names += [f"{name} {id_}" for id_ in texts[ID].to_pylist()]
        known, first = np.unique(np.concatenate(grams), return_index=True)
        return {"known": known, "owner": np.concatenate(owners)[first].astype(np.int32), "names": names}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Looks every n-gram up. The evidence is cut from the text, or if that is not ASCII from the folded text."""
        from pipelines.texts.folding import lettered
        from pipelines.texts.ngrams import overlap, prefix_index

        index = prefix_index(fitted["known"])

        def decontaminate(rows: pa.Table, place: Place) -> Outcome:
            texts = rows[TEXT].combine_chunks()
            letters = lettered(texts)
            total, shared, first, byte = overlap(letters, self.words, fitted["known"], index)
            lost = shared > self.max_share * total
            dropped = [
                _evidence(
                    _shown(texts[row], letters[row]),
                    fitted["names"][fitted["owner"][first[row]]],
                    shared[row],
                    byte[row],
                )
                for row in np.flatnonzero(lost)
            ]
            reasons, details = zip(*dropped, strict=True) if dropped else ((), ())
            ids = rows[ID].filter(pa.array(lost))
            table = pa.table([ids, pa.array(reasons, pa.string()), pa.array(details, pa.string())], schema=DROPPED)
            return Outcome(rows.filter(pa.array(~lost)), table)

        return decontaminate


def _shown(text: pa.Scalar, letters: pa.Scalar) -> str:
    """The text if it is ASCII, of which every byte keeps its place in the folded text, else the folded one."""
    original: str = text.as_py()
    return original if original.isascii() else letters.as_py()


def _evidence(text: str, held_out: str, shared: int, byte: int) -> tuple[str, str]:
    excerpt = text.encode()[byte : byte + EXCERPT_BYTES].decode(errors="ignore")
    return f"held_out:{held_out.split()[0]}", f"{shared} shared with {held_out}: {' '.join(excerpt.split())}"
