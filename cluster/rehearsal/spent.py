"""Spent: what a stage took, and what it will take when it is fed more than in two rehearsals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.results import Trained

# What comes out of a stage in proportion to what goes in; of what it takes a part can be there in any case.
IN_PROPORTION = ("rows", "text_bytes", "tokens")
ON_A_LINE = ("flops", "stored_bytes", "work_seconds")


@dataclass(frozen=True)
class Spent:
    """What a stage was fed, what came out, and what it took.

    `fed` are the stored bytes of a source, the tokens of a training, bytes of text of all else. `stored_bytes` are
    those of its files in the store. `work_seconds` are those of the work that grows with what is fed, of all workers
    together; `seconds` the whole of it by the clock, on `lanes` workers at the same time.
    """

    fed: float
    rows: float = 0.0
    text_bytes: float = 0.0
    tokens: float = 0.0
    flops: float = 0.0
    stored_bytes: float = 0.0
    work_seconds: float = 0.0
    seconds: float = 0.0
    lanes: float = 1.0

    @property
    def waiting_seconds(self) -> float:
        """Seconds by the clock beside the work: processes that start, the driver, a look at the corpus."""
        return max(0.0, self.seconds - self.work_seconds / self.lanes)


def took(store: Store, found: Manifest, fed: float) -> Spent:
    """What a finished stage took, which was fed so much."""
    work = found.details_as(Trained).training_seconds if found.kind == "train" else found.worker_seconds
    return Spent(
        fed=fed,
        rows=found.rows,
        text_bytes=found.bytes,
        tokens=found.counts.get("tokens", 0.0),
        flops=found.flops,
        stored_bytes=sum(store.sizes(found.address).values()),
        work_seconds=work,
        seconds=found.seconds,
    )


def expected(small: Spent, large: Spent, fed: float, lanes: float) -> Spent:
    """What the stage takes when it is fed so much and has so many workers, from what it took in two rehearsals.

    What comes out is in proportion; FLOPs, stored bytes and work are on the line through both; the waiting is that of
    the larger one.
    """
    share = fed / large.fed
    out = {name: getattr(large, name) * share for name in IN_PROPORTION}
    took = {
        name: on_line(fed, (small.fed, getattr(small, name)), (large.fed, getattr(large, name))) for name in ON_A_LINE
    }
    if small.work_seconds >= large.work_seconds:  # something was loaded or compiled for the first time
        took["work_seconds"] = large.work_seconds * share
    found = replace(large, fed=fed, lanes=lanes, **out, **took)
    return replace(found, seconds=large.waiting_seconds + found.work_seconds / lanes)


def on_line(x: float, small: tuple[float, float], large: tuple[float, float]) -> float:
    """The value at `x` of the line through two measured points, each (x, y) with y not below 0.

    Where it falls it is taken for level, and where it would begin below 0 the larger point is taken in proportion:
    nothing costs less than nothing, so both are noise.
    """
    (x1, y1), (x2, y2) = small, large
    if x2 <= x1 or y2 <= y1:
        return y2
    slope = (y2 - y1) / (x2 - x1)
    start = y2 - slope * x2
    return start + slope * x if start > 0 else y2 / x2 * x


def total(spent: Sequence[Spent]) -> Spent:
    """The FLOPs, stored bytes and seconds of all stages together, one after the other."""
    return Spent(
        fed=0.0,
        flops=sum(each.flops for each in spent),
        stored_bytes=sum(each.stored_bytes for each in spent),
        seconds=sum(each.seconds for each in spent),
    )
