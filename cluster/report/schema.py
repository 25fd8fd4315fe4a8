"""The shape of `report.json`: what a comparison measured, arm by arm, and nothing that can be worked out from it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, model_validator

Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Shared = Literal["flops", "text"]  # what all arms have as much of in training
Bound = Literal["exact", "at least", "at most"]
Over = Literal["seeds", "documents"]  # what an interval is drawn from
TOLERANCE = 1e-6  # bits per byte; a mean that passed through JSON may differ from ours in the last digits


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HeldOut(_Record):
    """The untouched text that every arm is evaluated on; the curves are of a sample of about `curve_bytes`."""

    name: Name
    documents: NonNegativeInt
    bytes: NonNegativeInt
    curve_bytes: NonNegativeInt


class SeedResult(_Record):
    """Held-out bits per byte of one training run, in all and per genre."""

    seed: int
    value: NonNegativeFloat
    by_genre: dict[str, NonNegativeFloat] = {}


class BitsPerByte(_Record):
    """Held-out bits per byte over the seeds; `spread` is the largest minus the smallest, 0 for one seed."""

    mean: NonNegativeFloat
    spread: NonNegativeFloat
    seeds: list[SeedResult] = Field(min_length=1)

    @classmethod
    def over(cls, seeds: Sequence[SeedResult]) -> Self:
        """Mean and spread of these runs."""
        values = [seed.value for seed in seeds]
        return cls(mean=sum(values) / len(values), spread=max(values) - min(values), seeds=list(seeds))

    @model_validator(mode="after")
    def _agrees_with_its_seeds(self) -> Self:
        values = [seed.value for seed in self.seeds]
        mean, spread = sum(values) / len(values), max(values) - min(values)
        if abs(mean - self.mean) > TOLERANCE or abs(spread - self.spread) > TOLERANCE:
            raise ValueError(
                f"mean {self.mean} and spread {self.spread} do not follow from the seeds, "
                f"which give {mean} and {spread}; build them with BitsPerByte.over(seeds)"
            )
        return self


class Beginning(_Record):
    """How one document begins."""

    id: str
    text: str


class Scored(_Record):
    """A document with its score and its text, or what of a long one is shown."""

    id: str
    score: float
    text: str


class Ends(_Record):
    """The documents with the highest and with the lowest scores of a column, the outermost first."""

    name: Name
    high: list[Scored]
    low: list[Scored]


class Example(_Record):
    """One document that a step dropped: why, which, what in it was the cause, and how it begins where that is known."""

    reason: str
    id: str
    detail: str
    text: str = ""


class Step(_Record):
    """What one step of an arm took in, kept, dropped and cost."""

    name: Name
    kind: Name
    address: Name
    inputs: list[str] = []
    rows_in: NonNegativeInt
    rows: NonNegativeInt
    bytes_in: NonNegativeInt
    bytes: NonNegativeInt
    dropped: dict[str, NonNegativeInt] = {}  # reason -> documents
    bad: dict[str, NonNegativeInt] = {}  # reason -> input rows that could not be read and went to quarantine
    counts: dict[str, float] = {}
    seconds: NonNegativeFloat = 0
    flops: NonNegativeFloat = 0
    notes: list[str] = []
    examples: list[Example] = []
    kept: list[Beginning] = []  # some of those that it kept, where it dropped others or they are what was trained on


class Curve(_Record):
    """One training run as it went: (n,) training points and (m,) held-out points, both over training FLOPs so far."""

    seed: int
    tokens: list[NonNegativeFloat]
    flops: list[NonNegativeFloat]
    training_loss: list[float]  # nats per token
    held_out_flops: list[NonNegativeFloat]
    held_out_bits_per_byte: list[NonNegativeFloat]

    @model_validator(mode="after")
    def _lines_up(self) -> Self:
        _same_length(self, "tokens", "flops", "training_loss")
        _same_length(self, "held_out_flops", "held_out_bits_per_byte")
        return self


class Histogram(_Record):
    """How a score is distributed: bin `i` spans edges[i] to edges[i + 1]; `kept` of its `counts` were selected."""

    name: Name
    edges: list[float] = Field(min_length=2)
    counts: list[NonNegativeInt]
    kept: list[NonNegativeInt]

    @model_validator(mode="after")
    def _lines_up(self) -> Self:
        _same_length(self, "counts", "kept")
        if len(self.edges) != len(self.counts) + 1:
            raise ValueError(
                f"histogram '{self.name}' has {len(self.counts)} bins, so it needs one edge more than that"
            )
        if any(right <= left for left, right in pairwise(self.edges)):
            raise ValueError(f"the edges of histogram '{self.name}' have to increase")
        if any(kept > count for kept, count in zip(self.kept, self.counts, strict=True)):
            raise ValueError(f"histogram '{self.name}' keeps more documents of a bin than the bin has")
        return self


class Sample(_Record):
    """One document before and after it was rewritten."""

    id: str
    before: str
    after: str


class Passage(_Record):
    """What a model wrote behind the first words of a held-out document, and why it is no more than that."""

    prompt: str
    text: str = ""
    note: str = ""


class Plan(_Record):
    """A curriculum: at each position 0..1 in training, the share of the data in play and the mean bucket drawn."""

    position: list[Share]
    active_share: list[Share]
    mean_bucket: list[NonNegativeFloat]

    @model_validator(mode="after")
    def _lines_up(self) -> Self:
        _same_length(self, "position", "active_share", "mean_bucket")
        return self


class Uniformity(_Record):
    """How many bits a unit of the token stream falls short of uniform, by two estimates from `samples` of them."""

    unit: Name
    plug_in_bits: float
    miller_madow_bits: float
    samples: NonNegativeInt


class Stability(_Record):
    """A fixed sentence behind different prefixes: its mean length and the mean Levenshtein distance, in tokens."""

    prefixes: NonNegativeInt
    mean_distance: NonNegativeFloat
    mean_length: NonNegativeFloat


class Study(_Record):
    """What an arm's codec makes of held-out text, beside what trivial models and the trained one need for it.

    `flops_per_byte` holds the forward pass of the model and `compressor_flops_per_byte`, those of the codec's own.
    `accuracy_by_position` is the share of tokens predicted right, by their place in the codec's window.
    """

    codec: Name
    vocab_size: int = Field(gt=0)
    lossless: bool
    round_trip_share: Share
    bytes_per_token: float = Field(gt=0)
    uniform_bits_per_byte: NonNegativeFloat
    unigram_bits_per_byte: NonNegativeFloat
    flops_per_byte: float = Field(gt=0)
    compressor_flops_per_byte: NonNegativeFloat
    uniformity: list[Uniformity]
    stability: Stability | None
    accuracy_by_position: list[Share]


class Accuracy(_Record):
    """The share of items that a model answers right, from `low` to `high` at 95 % confidence."""

    share: Share
    low: float
    high: float


class SeedAnswers(_Record):
    """What one trained model makes of a task, or of a category; None where there is nothing to choose.

    `accuracy` goes by what a whole option takes the model, `accuracy_per_byte` by what a byte of it takes.
    """

    seed: int
    bits_per_byte: NonNegativeFloat
    accuracy: Accuracy | None = None
    accuracy_per_byte: Accuracy | None = None


class TaskAnswers(_Record):
    """What the models of an arm make of the held-out half of a task; of `left_out` items an option has no token."""

    name: Name
    category: str
    items: NonNegativeInt
    left_out: NonNegativeInt
    chance: Share | None
    seeds: list[SeedAnswers] = Field(min_length=1)


class CategoryAnswers(_Record):
    """What the models of an arm make of the tasks of a category, each counting alike."""

    name: Name
    chance: Share | None
    seeds: list[SeedAnswers] = Field(min_length=1)


class Arm(_Record):
    """One recipe of the comparison; `bytes` is the unique text chosen for training, `seconds` data and training.

    `training_seconds` are those of steps, without start-up, measurements and checkpoints. `genres` holds the bytes of
    the chosen text by genre, where documents have one. The `recipe` is the config tree without what only places work,
    `stated` what in it is not at its default; `written` is by the model of the first seed.
    """

    name: Name
    bits_per_byte: BitsPerByte
    parameters: NonNegativeInt
    training_flops: NonNegativeFloat
    data_flops: NonNegativeFloat
    training_seconds: NonNegativeFloat
    data_seconds: NonNegativeFloat
    seconds: NonNegativeFloat
    tokens: NonNegativeInt
    bytes: NonNegativeInt
    epochs: NonNegativeFloat
    compute_multiplier: NonNegativeFloat | None = None
    multiplier_is: Bound = "exact"
    multiplier_interval: tuple[float, float] | None = None
    interval_over: list[Over] = []
    steps: list[Step] = []
    curves: list[Curve] = []
    scores: list[Histogram] = []
    ends: list[Ends] = []
    genres: dict[str, NonNegativeFloat] = {}
    samples: list[Sample] = []
    written: list[Passage] = []
    recipe: dict[str, Any] = {}
    stated: dict[str, Any] = {}
    plan: Plan | None = None
    study: Study | None = None
    tasks: list[TaskAnswers] = []
    categories: list[CategoryAnswers] = []


class Completed(_Record):
    """Runs of the first arm's recipe, one a seed, that were trained to their end for another budget."""

    flops: float = Field(gt=0)
    values: list[float] = Field(min_length=1)


class Report(_Record):
    """A whole comparison; the first arm is the one that the others are measured against, also for `completed` budgets.

    `shared` says what the arms trained for as much of: FLOPs, or bytes of text, where FLOPs follow from the codec.
    """

    title: Name
    created: datetime
    gleaner_version: str
    held_out: HeldOut
    seeds: list[int] = Field(min_length=1)
    shared: Shared = "flops"
    machine: str
    command: str  # what made this report, to be typed again
    arms: list[Arm] = Field(min_length=1)
    completed: list[Completed] = []
    overlaps: list[list[Share]] = []  # of the text of the row's arm, how much the column's has too

    @model_validator(mode="after")
    def _names_its_arms_apart(self) -> Self:
        names = [arm.name for arm in self.arms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"arms need different names; named more than once: {', '.join(twice)}")
        return self


def _same_length(record: _Record, *fields: str) -> None:
    lengths = {field: len(getattr(record, field)) for field in fields}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"these have to be equally long: {lengths}")
