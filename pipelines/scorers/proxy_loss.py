"""Scorer `proxy_loss`: how surprising a text is to a language model."""

import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.inference.losses import Runner
from pipelines.inference.text_losses import AskedModel, LossReading
from pipelines.texts.arrays import one_array


class ProxyLoss(LossReading, AskedModel, Scorer):
    """Mean negative log-likelihood of the text under a causal LM, in nats per UTF-8 byte: low is easy or well known.

    `model` is a folder of safetensors or a hub name with a `revision`. The first token is conditioned on the begin
    (else end) token of the tokenizer, and left out where it has neither. A text of more than `context` tokens is read
    in windows that move by `stride`: every token is scored once, with at least context - stride tokens before it
    where there are as many. An empty text scores 0. Scores of the runners and of other batches agree to the precision
    of `dtype`, not to the bit; a CPU without instructions for it computes in float32, which is quicker there.
    """

    runner: Runner = "transformers"

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, its model loaded; Mistake where that has no room for `context` tokens."""
        losses = self.open_text_losses(self, self.runner)

        def score(rows: pa.Table) -> Scores:
            return Scores(*losses(one_array(rows[TEXT])))

        return score
