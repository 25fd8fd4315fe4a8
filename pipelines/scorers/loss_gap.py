"""Scorer `loss_gap`: how much better a model tells a text once it was tuned on the target, after CoLoR-Filter."""

import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.inference.text_losses import AskedModel, LossReading
from pipelines.texts.arrays import one_array


class LossGap(LossReading, Scorer):
    """Loss of the text under `prior` less that under `tuned`, in nats per UTF-8 byte: high helps the target.

    CoLoR-Filter (arXiv 2406.10670, section 3) chooses the texts whose conditional loss reduction is highest: `prior` is
    a small model of ordinary text, `tuned` the same model trained on with the target. Each is named by its `model`, as
    in `prior: {model: "@prior"}`, and reads the text as `proxy_loss` does. An empty text scores 0.
    """

    prior: AskedModel
    tuned: AskedModel

    def fingerprint(self) -> dict[str, str]:
        """What the content of both models is known by."""
        return {name: asked.fingerprint()["model"] for name, asked in self._asked().items()}

    def check(self) -> None:
        """Mistake where one of the models is no folder, half of one, or a hub name without a revision."""
        for asked in self._asked().values():
            asked.check()

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, both models loaded; Mistake where one has no room for `context` tokens."""
        prior, tuned = (self.open_text_losses(asked, "transformers") for asked in self._asked().values())

        def score(rows: pa.Table) -> Scores:
            texts = one_array(rows[TEXT])
            before, flops_before = prior(texts)
            after, flops_after = tuned(texts)
            return Scores(before - after, flops_before + flops_after)

        return score

    def _asked(self) -> dict[str, AskedModel]:
        return {"prior": self.prior, "tuned": self.tuned}
