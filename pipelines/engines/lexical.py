"""Engine `lexical`: text made plainer by rules, without a model."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.engines.simplify.vocabulary import lexicon_text
from pipelines.rewriters.prompts.marked_reply import marked


class Lexical(Engine):
    """Takes out noise, says rare words by common ones, and cuts long sentences, by rule and on a CPU.

    Noise: addresses, HTML, Markdown and reStructuredText, page lines, encoded words, odd marks and spaces. Words: 2,100
    entries written for this project, in all their forms, each only where it is rarer than its substitute and the place
    is safe; terms of programming (parameter, iterate, execute) are not among them. Code, formulas, names, numbers and
    negations stay in all that is kept. The answer is the text itself where it is all noise. Rewriting it again
    changes nothing.
    The messages of a prompt are not read, so a genre's instructions change nothing.

    This removes noise and smooths words; it is not the rewriting of TinyHelen (arXiv 2501.00522), which retells a text:
    docs/results.md has the two side by side. Most rare words are names and words of the subject, which these rules
    leave. A substitute can be wrong where a word has a sense other than its usual one.
    """

    version: ClassVar[int] = 4  # 2: indentation stays; 3: irregular forms; 4: names in quotes and brackets stay

    vocabulary: int = Field(2000, gt=0, description="so many of the most frequent English words are never replaced")
    sentence_words: int = Field(20, gt=0, description="sentences of more words are cut where that is safe")
    doctests: Literal["keep", "drop"] = Field("keep", description="what becomes of `>>>` examples and their output")

    def fingerprint(self) -> dict[str, str]:
        """The hash of the lexicon."""
        return {"lexicon": hashlib.sha256(lexicon_text().encode()).hexdigest()}

    def open(self) -> EngineFn:
        """The rules, with their tables made; a second or two the first time in a process."""
        from pipelines.engines.simplify.simplifier import simplifier

        simplify = simplifier(self.vocabulary, self.sentence_words, self.doctests)

        def answer(prompts: Sequence[Prompt]) -> list[Reply]:
            return [Reply(marked(simplify(prompt.text))) for prompt in prompts]

        return answer
