"""Filter `language`: texts in another language than the ones wanted."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.contracts.mistakes import Mistake
from pipelines.store.mapped import mapped_arrays
from pipelines.texts.arrays import first_reason

if TYPE_CHECKING:
    from pipelines.texts.languages import LanguageModel

Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
TOO_SHORT_TO_TELL = 40  # characters
LAYOUT = 1  # goes up when `load_model` gives other arrays, since workers find those that an older release has left


class Language(Filter):
    """Keeps texts that are more likely than `min_probability` in one of the languages `keep` (ISO 639 codes, `en`).

    The model is that of the package py3langid, offline, 140 languages (after Lui and Baldwin 2011). Of a text of more
    than 768 bytes its first 384 and 384 from its middle are read. Texts of fewer than 40 characters are too short to
    tell and are kept: what is too short is for the filter `length` to say. Text without words (formulas, numbers,
    code) has no language, and its probability is spread over many; `min_probability: 0` keeps such text, as it drops
    only what is more likely than not in a language that is not wanted.

    Reasons: `other_language` where one is more likely than not, else `unclear_language`.
    """

    keep: tuple[Code, ...] = Field(default=("en",), min_length=1)
    min_probability: float = Field(default=0.5, ge=0, le=1)

    def open(self) -> FilterFn:
        """The judge; Mistake where the model does not know a language of `keep`."""
        from pipelines.texts.languages import probabilities

        model = shared_model()
        known, first_columns = np.unique(model.languages, return_index=True)
        if unknown := set(self.keep) - set(known):
            raise Mistake(f"keep: no language {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        wanted = np.isin(known, self.keep)
        least = self.min_probability

        def judge(texts: pa.Array) -> pa.Array:
            chances = np.add.reduceat(probabilities(model, texts), first_columns, axis=1)
            long = pc.greater_equal(pc.utf8_length(texts), TOO_SHORT_TO_TELL).to_numpy(zero_copy_only=False)
            other = chances[:, ~wanted].max(axis=1, initial=0) > 0.5
            unclear = chances[:, wanted].sum(axis=1) < least
            return first_reason(len(texts), [("other_language", long & other), ("unclear_language", long & unclear)])

        return judge


def shared_model() -> "LanguageModel":
    """The model of the package, 97 MB that are unpacked once for a user of the machine and shared by all workers."""
    from pipelines.texts.languages import LanguageModel, load_model

    name = f"languages-{LAYOUT}-{version('py3langid')}"
    return LanguageModel(**mapped_arrays(name, lambda: vars(load_model())))
