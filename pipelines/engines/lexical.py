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
    negations stay in all that is kept. The answer is the text itself where it is all noise. Twice is as good as once.
    The messages of a prompt are not read, so a genre's instructions change nothing.

    This removes noise and smooths words; it is not the rewriting of TinyHelen (arXiv 2501.00522), which retells a text.
    On that paper's 5,273 pairs, by genre: word types become 0.94 to 0.99 of the original's (GPT-4's rewrites: 0.27 to
    0.63), the 2,000 most frequent types cover up to 1.1 points more of the words (GPT-4: 4 to 20), the entropy of words
    falls by at most 0.07 bits (GPT-4: 0.6 to 1.9), and the length hardly changes (GPT-4: 0.47 to 0.99). Most rare
    words are names and words of the subject, which these rules leave. A substitute can be wrong where a word has a
    sense other than its usual one. Speed on a shared core: 2.5 to 3.2 MB/s of prose, 2.0 to 2.5 of docstrings.
    """

    version: ClassVar[int] = 3  # 2: indentation stays; 3: irregular forms of rare words

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
