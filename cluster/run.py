"""The one entry point: `gleaner` and `python -m cluster.run` are this program.

Nothing heavy is imported until a command runs, so `--help` answers at once.
"""

import re
import signal
import sys
from itertools import takewhile
from typing import Annotated, Literal

import typer

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.storage_errors import storage_mistake

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train small language models that learn more from less text.",
)

INTERRUPTED = 130
LASTING = ("run", "data", "train", "evaluate", "compare", "tune", "validate")  # whose finished work stays in the store
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
GOES_ON = "; the same command goes on where it was"

File = Annotated[str, typer.Argument(help="A run's YAML file.", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Argument(help="path=value, as in training.tokens=2_000_000")]


@app.command()
def run(file: File, overrides: Overrides = None) -> None:
    """The whole run: data, training, evaluation, report."""
    from cluster import commands

    print(commands.run(file, overrides or []))


@app.command()
def data(file: File, overrides: Overrides = None) -> None:
    """Only the data of a run."""
    from cluster import commands

    print(commands.data(file, overrides or []))


@app.command()
def train(file: File, overrides: Overrides = None) -> None:
    """The data and the model of a run."""
    from cluster import commands

    print(commands.train(file, overrides or []))


@app.command()
def evaluate(file: File, overrides: Overrides = None) -> None:
    """The data, the model and its bits per byte."""
    from cluster import commands

    print(commands.evaluate(file, overrides or []))


@app.command()
def generate(
    file: Annotated[str, typer.Argument(help="A run's YAML file, or its name.", show_default=False)],
    overrides: Overrides = None,
    prompt: Annotated[str, typer.Option(help="What the text begins with.")] = "",
    tokens: Annotated[int, typer.Option(help="At most so many are drawn.")] = 192,
    temperature: Annotated[float, typer.Option(help="0 takes the most probable token.")] = 1.0,
    top_k: Annotated[int, typer.Option(help="Of so many most probable tokens; 0 is of all.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, another text.")] = 0,
) -> None:
    """Text that the trained model of a run writes."""
    from cluster import generate as generation
    from training.networks.generation import Sampling

    done = generation.generate(file, overrides or [], prompt, Sampling(tokens, temperature, top_k, seed), sys.stdout)
    print(done, file=sys.stderr)


@app.command()
def compare(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES... [OVERRIDES]...",
            help="YAML files, the first the one to beat, and path=value for all of them.",
            show_default=False,
        ),
    ],
    out: Annotated[str, typer.Option(help="The folder of the report.")],
    seeds: Annotated[str, typer.Option(help="As in 0,1,2; each file's own seed unless given.")] = "",
    budgets: Annotated[
        str, typer.Option(help="As in 0.25,0.5,2: the first recipe also for these multiples of its tokens.")
    ] = "",
) -> None:
    """Several recipes at equal training FLOPs, or after equally much text, and one report.

    With --budgets it says how many times its FLOPs the first recipe needs to be as good as each other one.
    """
    from cluster import commands
    from cluster.config import is_override

    files = list(takewhile(lambda argument: not is_override(argument), arguments))
    series = commands.Series(_numbers(seeds), _budgets(budgets))
    print(commands.compare(files, out, series, arguments[len(files) :]))


@app.command()
def tune(file: File, overrides: Overrides = None) -> None:
    """The sweep of the section `tuning`: a table and plots of what was found."""
    from cluster import commands

    print(commands.tune(file, overrides or []))


@app.command()
def validate(file: File, overrides: Overrides = None) -> None:
    """Whether the scores of a run say which text helps, tried on a sample with small models."""
    from cluster import commands

    print(commands.validate(file, overrides or []))


@app.command()
def submit(
    file: File,
    overrides: Overrides = None,
    command: Annotated[
        Literal["run", "data", "train", "evaluate", "tune", "validate", "preflight"],
        typer.Option(help="What to do there."),
    ] = "run",
    address: Annotated[
        str | None, typer.Option(help="The dashboard, as in http://head:8265; RAY_API_SERVER_ADDRESS unless given.")
    ] = None,
    working_dir: Annotated[str, typer.Option(help="The folder that travels: this repository.")] = ".",
) -> None:
    """The same command as a Ray job, its log followed here."""
    from cluster.jobs import submit as jobs

    sys.exit(jobs.submit([command, file, *(overrides or [])], address, working_dir))


@app.command()
def preflight(file: File, overrides: Overrides = None) -> None:
    """What would stop a run on this cluster, before it costs anything."""
    from cluster import commands

    print(commands.preflight(file, overrides or []))


@app.command()
def plan(
    file: File,
    overrides: Overrides = None,
    rehearse: Annotated[str, typer.Option(help="Try it on so much text of each source first, as in 1MB.")] = "",
    documents: Annotated[
        float | None, typer.Option(min=1.0, help="With no look at the sources: if there were so many documents.")
    ] = None,
    vocab: Annotated[int, typer.Option(min=1, help="Tokens of the tokenizer, with --documents.")] = 50_304,
    flops_per_second: Annotated[float, typer.Option(min=1.0, help="The speed of models, with --documents.")] = 4e14,
) -> None:
    """The stages of a run and their addresses, what the store has of them, and what is to be built.

    With --rehearse also what each stage takes that is to be built: FLOPs, bytes and time. With --documents what its
    models take by formulas, for a corpus that is not here yet.
    """
    from cluster import plan as plans

    if rehearse and documents:
        raise Mistake("--rehearse reads the sources and --documents does without them; give one of them")
    if documents:
        print(plans.by_formulas(file, overrides or [], documents, vocab, flops_per_second))
    elif rehearse:
        print(plans.rehearsed(file, overrides or [], _bytes(rehearse)))
    else:
        print(plans.plan(file, overrides or []))


@app.command()
def show(
    target: Annotated[
        str, typer.Argument(help="An address in the store, as `gleaner plan` lists them, or a run's name.")
    ],
    store: Annotated[str, typer.Option(help="The store of the address.")] = "runs/store",
) -> None:
    """A manifest, its lineage and a few rows; of a run its stages as they were begun, overrides and all."""
    from cluster import inspect

    print(inspect.show(target, store))


@app.command()
def clean(
    store: Annotated[str, typer.Option(help="The store.")] = "runs/store",
    idle_hours: Annotated[float, typer.Option(min=0.0, help="Only where nobody has written for so long.")] = 24.0,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it; else it is only told.")] = False,
) -> None:
    """What no finished result of a store needs: overtaken attempts, broken-off builds, checkpoints."""
    from cluster import clean as cleaning

    print(cleaning.delete(store, idle_hours) if delete else cleaning.told(store, idle_hours))


@app.command()
def kinds(name: Annotated[str, typer.Argument(help="As in filters or filters.length; all unless given.")] = "") -> None:
    """The components and their parameters, of a family or of one kind."""
    from cluster.kinds import kinds_table

    print(kinds_table(name))


def _numbers(seeds: str) -> list[int]:
    try:
        numbers = [int(seed) for seed in seeds.split(",") if seed]
    except ValueError:
        raise Mistake(f"--seeds '{seeds}' is not whole numbers with commas between; give them as in 0,1,2") from None
    if len(set(numbers)) < len(numbers) or min(numbers, default=0) < 0:
        raise Mistake(f"--seeds '{seeds}' has one twice or below 0; give each once, as in 0,1,2")
    return numbers


def _budgets(budgets: str) -> list[float]:
    try:
        numbers = [float(budget) for budget in budgets.split(",") if budget]
    except ValueError:
        raise Mistake(f"--budgets '{budgets}' is not numbers with commas between; give them as in 0.25,0.5,2") from None
    if len({*numbers, 1.0}) <= len(numbers) or not all(0 < number < float("inf") for number in numbers):
        raise Mistake(
            f"--budgets '{budgets}' has one twice, or 1 (the arm itself), or one not above 0; give each once, as in "
            "0.25,0.5,2"
        )
    return numbers


def _bytes(amount: str) -> float:
    found = re.fullmatch(r"([\d_.]+) ?(k|M|G|)B?", amount)
    try:
        value = float(found[1]) * UNITS[found[2]] if found else 0.0
    except ValueError:
        value = 0.0
    if not value:
        raise Mistake(f"--rehearse '{amount}' is no amount of text; give it as in 500kB, 1MB or 2_000_000")
    return value


def main() -> None:
    """Runs a command; a mistake of the user's is one sentence on stderr and exit status 2, no stack.

    SIGTERM ends it as Ctrl-C does: exit status 130, and where that can be, a sentence that it goes on with the same
    command.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except (Mistake, OSError) as error:
        sys.exit(_fail(error if isinstance(error, Mistake) else storage_mistake(error)))
    except SystemExit as end:
        if end.code == INTERRUPTED and sys.argv[1:2] != ["submit"]:
            print(f"gleaner: stopped{GOES_ON if sys.argv[1] in LASTING else ''}", file=sys.stderr)
        raise


def _fail(mistake: Mistake) -> int:
    from pipelines.contracts.location import public

    print(f"gleaner: {public(str(mistake))}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
