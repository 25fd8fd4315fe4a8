"""What the commands do, behind the command line: configs in, one line that names what was written out."""

import itertools
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.config import RunConfig, dump, load
from cluster.jobs.nodes import alive_nodes
from cluster.jobs.preflight import Demand, demands, too_little_room
from cluster.jobs.preflight import preflight as find_problems
from cluster.jobs.session import is_own, session
from cluster.names import RUNS, record
from cluster.report import sweep as table
from cluster.report import validation
from cluster.report.make import Compared, make_report
from cluster.report.page import render
from cluster.report.schema import Shared
from cluster.report.writing import writing_address
from pipelines.build import build_data
from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import Finished, execute, make_models
from training.needed import with_models
from training.plan import planned
from training.recipe import Recipe
from training.stages import train_model
from tuning.sweep import check_sweep, sweep, sweep_address
from tuning.validation.validate import validate as validated

FLOPS_TOLERANCE = 0.01
EQUAL_FLOPS = "make `training.model`, `training.tokens`, `data.codec.vocab` and `data.pack.length` equal"


def run(file: str, overrides: Sequence[str]) -> str:
    """The whole of one run: data, training, evaluation and its report in runs/<name>."""
    config = _checked(load(file, overrides))
    return _reported([config], RUNS / config.name, Series(), shlex.join(["gleaner", "run", file, *overrides]))


def data(file: str, overrides: Sequence[str]) -> str:
    """Puts the data of a run into the store; returns a line that names its address."""
    config = _begun(load(file, overrides))
    store = Store(config.store)
    wanted = [demand for demand in demands(config) if demand.name != "training"]
    with _session_for(_addresses(config.recipe, store, "pack"), config, wanted):
        make_models(config.recipe, store)
        recipe = with_models(config.recipe, store)
        built = build_data(recipe.data, store, recipe.seed)
    return _told(built.packed, config)


def train(file: str, overrides: Sequence[str]) -> str:
    """Puts the data and the model of a run into the store; returns a line that names the model's folder."""
    config = _begun(load(file, overrides))
    store = Store(config.store)
    with _session_for(_addresses(config.recipe, store, "train"), config):
        make_models(config.recipe, store)
        recipe = with_models(config.recipe, store)
        trained = train_model(recipe, build_data(recipe.data, store, recipe.seed), store)
    return f"{_told(trained, config)}; the model is in {store.path(trained.files['model'])}"


def evaluate(file: str, overrides: Sequence[str]) -> str:
    """Puts data, model and measurement of a run into the store; returns a line with its bits per byte."""
    config = _begun(load(file, overrides))
    store = Store(config.store)
    with _session_for(_addresses(config.recipe, store), config):
        finished = execute(config.recipe, store)
    return f"{finished.bits_per_byte:.4f} bits per byte of held-out text; {_told(finished.evaluation, config)}"


@dataclass(frozen=True)
class Series:
    """Which runs there are of a config: one a seed, or of its own seed, and of the first arm as many for each budget.

    A budget is a multiple of the arm's own `training.tokens`.
    """

    seeds: Sequence[int] = ()
    budgets: Sequence[float] = ()

    def options(self) -> list[str]:
        """The options of the command line that say so."""
        given = {"seeds": self.seeds, "budgets": self.budgets}
        return [f"--{name}={','.join(f'{value:g}' for value in values)}" for name, values in given.items() if values]


def compare(files: Sequence[str], out: str, series: Series, overrides: Sequence[str]) -> str:
    """Runs every file as an arm over one store; `out` gets report.html, report.json and each arm's resolved config."""
    configs = [_checked(load(file, overrides)) for file in files]
    command = shlex.join(["gleaner", "compare", *files, *overrides, "--out", out, *series.options()])
    return _reported(configs, Path(out), series, command)


def _reported(configs: Sequence[RunConfig], folder: Path, series: Series, command: str) -> str:
    """Runs the configs as arms of one report, which is in the folder and, below reports/, in their store."""
    shared, store, title = check_comparable(configs), Store(configs[0].store), folder.resolve().name
    check_out(folder, [config.name for config in configs])
    arms = {config.name: _seeded(config.recipe, series.seeds) for config in configs}
    budgets = {f"{configs[0].name} x {budget:g}": at_budget(configs[0], budget, series) for budget in series.budgets}
    record(folder, [(config.name, dump(config)) for config in configs])
    addresses = itertools.chain.from_iterable(
        _arm_addresses(each, store) for each in (*arms.values(), *budgets.values())
    )
    with _session_for(addresses, configs[0]):
        runs = {name: _seeded_runs(name, recipes, store) for name, recipes in arms.items()}
        if shared == "flops":
            check_equal_flops({name: next(iter(of_arm.values())).training.flops for name, of_arm in runs.items()})
        completed = [_seeded_runs(name, recipes, store) for name, recipes in budgets.items()]
        report = make_report(title, public(command), shared, Compared(configs, runs, completed), store)
    for name, text in {"report.json": report.model_dump_json(indent=1), "report.html": render(report)}.items():
        (folder / name).write_text(text, encoding="utf-8")
        store.write(f"reports/{title}/{name}", text.encode())  # a job's own folder goes with its cluster
    results = ", ".join(f"{each.name} {each.bits_per_byte.mean:.4f}" for each in report.arms)
    return f"bits per byte of held-out text: {results}\nwrote {folder / 'report.html'} and {folder / 'report.json'}"


def tune(file: str, overrides: Sequence[str]) -> str:
    """The sweep of a run is in the store; writes sweep.html and the resolved config to runs/<name>."""
    config = _checked(load(file, overrides))
    if config.tuning is None:
        raise Mistake(f"'{file}' has no section 'tuning'; add one, as in cluster/runs/quickstart/sweep.yaml")
    check_sweep(config.recipe, config.tuning)
    record(RUNS / config.name, [(config.name, dump(config))])
    store = Store(config.store)
    with _session_for([sweep_address(config.recipe, config.tuning, store)], config):
        manifest = sweep(config.recipe, config.tuning, store)
    page = RUNS / config.name / "sweep.html"
    page.write_text(table.page(manifest, config.name), encoding="utf-8")
    return f"{table.text_table(manifest)}\nwrote {page}; {_told(manifest, config)}"


def validate(file: str, overrides: Sequence[str]) -> str:
    """Whether the scores of a run say which text helps is in the store; writes validation.html to runs/<name>."""
    config = _checked(load(file, overrides))
    recipe = config.validated
    recipe.check()
    record(RUNS / config.name, [(config.name, dump(config))])
    store = Store(config.store)
    with session():
        _look_round(config, list(demands(config)))
        manifest = validated(recipe, store)
    page = RUNS / config.name / "validation.html"
    page.write_text(validation.page(manifest, config.name), encoding="utf-8")
    return f"{validation.text_table(manifest)}\nwrote {page}; {_told(manifest, config)}"


def preflight(file: str, overrides: Sequence[str]) -> str:
    """Every node sees the code, the store, the models and what the config asks for; else Mistake with each cure."""
    config = _checked(load(file, overrides))
    with session():
        _stop(find_problems(config))
    return f"nothing stops '{config.name}' on this cluster"


def check_comparable(configs: Sequence[RunConfig]) -> Shared:
    """What the arms share: "text" where all of them state the same `training.text_bytes`, else equal "flops".

    Raises Mistake where they share neither, two have one name, or their stores or held-out sets differ.
    """
    names = [config.name for config in configs]
    for one, other in itertools.combinations(configs, 2):
        if one.name == other.name:
            raise Mistake(f"two arms are named '{one.name}'; give each file a name of its own: {names}")
        if one.store != other.store:
            raise Mistake(f"arms share one store; '{one.name}' has {one.store}, '{other.name}' has {other.store}")
        if one.evaluation != other.evaluation:
            raise Mistake(f"arms '{one.name}' and '{other.name}' are evaluated on other text; make `evaluation` equal")
    texts = {config.name: config.training.text_bytes for config in configs}
    if any(texts.values()):
        check_equal_text(texts)
        return "text"
    budgets = [each.training.tokens * each.training.model.parameters(1) for each in configs if each.training.tokens]
    check_equal_flops(dict(zip(names, budgets, strict=True)))
    return "flops"


def check_out(folder: Path, arms: Sequence[str]) -> None:
    """Raises Mistake, before any work, where the folder holds the report of other arms, which would be lost."""
    try:
        held = [each["name"] for each in json.loads((folder / "report.json").read_text(encoding="utf-8"))["arms"]]
    except FileNotFoundError:
        return
    if held != list(arms):
        raise Mistake(
            f"'{folder}' holds the report of {', '.join(held)}, and this one is of {', '.join(arms)}; give another "
            "folder, as in --out runs/other, or another `name`"
        )


def check_equal_text(texts: Mapping[str, int | None]) -> None:
    """Raises Mistake where an arm trains on another number of bytes of text, or states none."""
    for one, other in itertools.pairwise(texts):
        if texts[one] != texts[other]:
            raise Mistake(
                f"arms '{one}' and '{other}' do not train on equal text: `training.text_bytes` is {texts[one]} and "
                f"{texts[other]}; make it equal in all arms, or leave it out of all and {EQUAL_FLOPS}"
            )


def check_equal_flops(budgets: Mapping[str, float]) -> None:
    """Raises Mistake where the training FLOPs of arms differ by more than FLOPS_TOLERANCE."""
    least, most = min(budgets, key=budgets.__getitem__), max(budgets, key=budgets.__getitem__)
    if budgets[most] > (1 + FLOPS_TOLERANCE) * budgets[least]:
        raise Mistake(
            f"arms '{least}' and '{most}' do not train for equal FLOPs; {EQUAL_FLOPS}, or set the same "
            "`training.text_bytes` in all arms to compare them on equal text"
        )


def _addresses(recipe: Recipe, store: Store, last: str | None = None) -> list[str]:
    return [stage.address for stage in planned(recipe, store, last)]


def _arm_addresses(recipes: Sequence[Recipe], store: Store) -> Iterator[str]:
    """Those of the stages of every seed, and of what the model of the first one writes in the report."""
    stages = [planned(recipe, store) for recipe in recipes]
    yield from (stage.address for of_seed in stages for stage in of_seed)
    trained = next(stage.address for stage in stages[0] if (stage.model, stage.name) == ("", "train"))
    yield writing_address(recipes[0].evaluation.held_out, trained)


@contextmanager
def _session_for(addresses: Iterable[str], config: RunConfig, wanted: Sequence[Demand] | None = None) -> Iterator[None]:
    """Ray for what the store does not have of the addresses; where it has everything nothing is started.

    `wanted` is what has to find room, by default all that the config asks for.
    """
    store = Store(config.store)
    if all(store.manifest(address) for address in addresses):
        yield
        return
    with session():
        _look_round(config, list(demands(config)) if wanted is None else wanted)
        yield


def _stop(problems: Sequence[str]) -> None:
    if problems:
        raise Mistake("\n".join(problems))


def _look_round(config: RunConfig, wanted: Sequence[Demand]) -> None:
    """Raises Mistake where the nodes of a cluster of several differ in what a run needs, or this machine is too small.

    One node cannot differ, and one of a cluster may be the first of many.
    """
    if len(alive_nodes()) > 1:
        _stop(find_problems(config))
    elif is_own():
        _stop(too_little_room(wanted))


def _seeded(recipe: Recipe, seeds: Sequence[int]) -> list[Recipe]:
    return [recipe.model_copy(update={"seed": seed}) for seed in seeds or [recipe.seed]]


def at_budget(config: RunConfig, budget: float, series: Series) -> list[Recipe]:
    """The recipe of each seed, trained for that multiple of its tokens, in whole batches."""
    training = config.training
    if training.tokens is None:
        raise Mistake(
            "--budgets are multiples of `training.tokens`, which the first arm leaves open; give it, or no --budgets"
        )
    batches = max(1, round(budget * training.tokens / training.batch_tokens))
    longer = training.model_copy(update={"tokens": batches * training.batch_tokens})
    return _seeded(config.recipe.model_copy(update={"training": longer}), series.seeds)


def _seeded_runs(arm_name: str, recipes: Sequence[Recipe], store: Store) -> dict[int, Finished]:
    runs = {}
    for recipe in recipes:
        told = f"arm {arm_name}, seed {recipe.seed}"
        print(told, flush=True)
        runs[recipe.seed] = execute(recipe, store)
        print(f"{told}: {runs[recipe.seed].bits_per_byte:.4f} bits per byte", flush=True)
    return runs


def _checked(config: RunConfig) -> RunConfig:
    Store(config.store).check()
    config.recipe.check()
    return config


def _begun(config: RunConfig) -> RunConfig:
    record(RUNS / _checked(config).name, [(config.name, dump(config))])
    return config


def _told(manifest: Manifest, config: RunConfig) -> str:
    return f"wrote {manifest.address} to {public(config.store)}"
