"""Results: what the manifests of training and measurement keep in their details."""

from pipelines.store.manifest import Stored

NATS = "nats"  # the column, in the shard of `evaluate`, of what a model spends on each held-out document


class Trained(Stored):
    """What a training run came to, kept in the manifest of `train`.

    The curves have one entry a record: `flops` and `loss` of training, the held-out ones where those were measured.
    `held_out` are the ingredients of the text that they were measured on. `training_seconds` are those of steps, over
    all attempts, without start-up, evaluation and checkpoints; `epochs` is how often all packed tokens were read.
    `model_files` is xxh3 of each file of the model, by name, and `plan` that of the order; none where an older release
    trained it.
    """

    parameters: int
    steps: int
    tokens: int
    final_loss: float
    training_seconds: float
    epochs: float
    flops: list[float]
    loss: list[float]
    held_out: dict[str, object]
    held_out_flops: list[float]
    held_out_bits_per_byte: list[float]
    model_files: dict[str, str] = {}
    plan: str | None = None


class Measured(Stored):
    """What a model spends on some held-out documents."""

    nats: float
    text_bytes: int
    tokens: int
    documents: int
    bits_per_byte: float


class Evaluated(Stored):
    """What a model spends on all held-out documents and on those of each genre, kept in the manifest of `evaluate`.

    Its shard has the id, the bytes and the nats of each document; there is none where an older release measured.
    """

    bits_per_byte: float
    documents: int
    tokens: int
    genres: dict[str, Measured]


class Accuracy(Stored):
    """The share of items that a model answers right, from `low` to `high` at 95 % confidence."""

    share: float
    low: float
    high: float


class CategoryAnswers(Stored):
    """What a model makes of the tasks of one category, each counting alike; None where there is nothing to choose."""

    tasks: int
    bits_per_byte: float
    chance: float | None
    accuracy: Accuracy | None
    accuracy_per_byte: Accuracy | None


class TaskAnswers(Stored):
    """What a model makes of the held-out half of one task: see `training.measures.tasks.Answers`."""

    category: str
    items: int
    left_out: int
    nats: float
    text_bytes: int
    tokens: int
    bits_per_byte: float
    chance: float | None
    accuracy: Accuracy | None
    accuracy_per_byte: Accuracy | None


class Asked(Stored):
    """What a model answers, by task and by category, kept in the manifest of `tasks`."""

    tasks: dict[str, TaskAnswers]
    categories: dict[str, CategoryAnswers]
