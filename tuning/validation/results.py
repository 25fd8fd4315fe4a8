"""Results: what the manifests of a validation keep in their details."""

from pipelines.store.manifest import Stored


class Correlation(Stored):
    """A rank correlation and its interval of 95 %; None where there are no ranks, one side having a single value."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Probed(Stored):
    """Of each score the mean of each group, and by how many bits per byte one step on it made each target better."""

    means: dict[str, list[float]]
    gains: dict[str, dict[str, list[float]]]


class Retrained(Stored):
    """Bits per byte of each target, by the sort of subset: a list a subset, with a value a seed."""

    bits_per_byte: dict[str, dict[str, list[list[float]]]]


class Agreement(Stored):
    """How alike the models of a datamodel rank its sample, and the datamodel itself with another damping.

    `between` is a matrix of rank correlations, the `proxies` of the datamodel first, then other models. `dampings`
    holds for each other damping the correlation with the scores of the `damping` in use.
    """

    proxies: int
    between: list[list[float | None]]
    damping: float
    dampings: dict[str, float | None]


class Validated(Stored):
    """What came out, by score and target.

    `probe` is how well the mean score of a group tells what one step on it is good for; `retrain`, by the sort of
    subset, the linear datamodeling score: how well the mean score of a subset tells what training on it is good for.
    `ceilings` is how high that can be, what two seeds differ by being noise. `agreement` is there of datamodels.
    """

    documents: int
    targets: list[str]
    probe: dict[str, dict[str, Correlation]] = {}
    retrain: dict[str, dict[str, dict[str, Correlation]]] = {}
    ceilings: dict[str, dict[str, Correlation]] = {}
    agreement: dict[str, Agreement] = {}
