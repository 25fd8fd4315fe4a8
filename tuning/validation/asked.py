"""Asked: a sample of candidates, the held-out text of a run, and what both have to be asked with."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.contracts.rows import ID, TEXT, Resources
from pipelines.inference.model_files import model_fingerprint, parameter_count
from pipelines.inference.network import window_tokens
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.store.address import ingredients
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.recipe import EvaluationConfig
from tuning.validation.config import ValidationConfig
from tuning.validation.targets import HeldOut, held_out_targets


@dataclass(frozen=True)
class Asked:
    """What the works of a validation have in common; it travels to their workers."""

    config: ValidationConfig
    evaluation: EvaluationConfig
    seed: int

    @property
    def resources(self) -> Resources:
        """What one worker takes."""
        return self.config.resources

    @property
    def made_of(self) -> dict[str, Any]:
        """What a measurement depends on beside the sample and its own parameters."""
        return {
            **model_fingerprint(self.config.model),
            "target_bytes": self.config.target_bytes,
            "held_out": ingredients(self.evaluation.held_out),
            "tasks": ingredients(self.evaluation.tasks),
            "seed": self.seed,
        }

    @property
    def context(self) -> int:
        """Tokens of the longest window that the model reads."""
        return window_tokens(self.config.model, None)

    @property
    def flops_per_token(self) -> float:
        """Of one forward pass: a multiplication and an addition a parameter."""
        return 2.0 * parameter_count(self.config.model)

    def targets(self) -> dict[str, HeldOut]:
        """The held-out text and tasks in the model's tokens."""
        tokenize = open_tokenizer(self.config.model, None)
        return held_out_targets(self.evaluation, self.config.target_bytes, tokenize, self.context)

    def tokens(self, rows: pa.Table) -> list[list[int]]:
        """Of each row the tokens of its text, behind the begin token where the model has one."""
        return open_tokenizer(self.config.model, None)(rows[TEXT].to_pylist())


def sample_rows(sampled: Manifest, columns: list[str], store: Store) -> pa.Table:
    """ID and these columns of all rows, sorted by ID, whatever shards they lie in."""
    tables = [store.read_columns(shard, [ID, *columns]) for shard in sampled.shards]
    return pa.concat_tables(tables).sort_by(ID)
