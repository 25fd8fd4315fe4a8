"""Templates: the environment of the pages, which escapes all text and shows what would hide in it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cluster.report import figures
from cluster.report.charts.axes import SIDE
from pipelines.texts.showing import visible

HERE = Path(__file__).parent


def environment() -> Environment:
    """Every text that a template writes is escaped HTML without controls and marks that turn directions."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["side"] = int(SIDE)
    made.filters |= {
        "size": figures.size,
        "count": figures.count,
        "number": figures.number,
        "share": figures.share,
        "percent": lambda at: f"{round(100 * at / SIDE, 2):g}%",
    }
    return made


def _shown(value: object) -> object:
    """The value as it is to be written; text that is no markup yet is escaped next."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
