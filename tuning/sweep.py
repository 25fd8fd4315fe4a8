"""Sweep: many trials over one store, drawn by Optuna, cut short by ASHA, and one manifest that compares them.

    <store>/sweep-<hash>/manifest.json     the table of all trials, the best one among them
    <store>/sweep-<hash>/trials/           a record of every trial while the sweep runs
    <store>/sweep-<hash>/tune/             Ray Tune's own state, which nobody reads again

A sweep that was killed, or whose trials failed, goes on with the same command: Optuna is told the trials that ended,
those that did not are begun first, and what they had built and trained is in the store. ASHA forgets its rungs then,
so a little less is cut short.
"""

import functools
import itertools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.build import build_stages, data_addresses
from pipelines.contracts.mistakes import Mistake
from pipelines.store.address import address, ingredients
from pipelines.store.built import built_alone
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store
from training.engine.storage import ray_storage
from training.needed import Needed, needed_models, with_models
from training.recipe import Recipe
from tuning import records
from tuning.config import TuningConfig
from tuning.records import Point, ended_trials, recorder, take_begun
from tuning.results import Swept, Trial
from tuning.space import probes
from tuning.trial import FINISHED, METRIC, SHARE, run_trial

if TYPE_CHECKING:
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

LOGGER = logging.getLogger(__name__)
FOLDER = "tune"
FLOPS_TOLERANCE = 0.01
ENVIRONMENT = {
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths in a config are relative to where the command was given
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends a sweep like any other command
    "RAY_AIR_NEW_OUTPUT": "0",  # which speaks of a folder that is gone in the end, even when told to be silent
}


def check_sweep(base: Recipe, config: TuningConfig) -> None:
    """Raises Mistake, before any work, for a path that leads nowhere and for trials that cannot be compared."""
    for probe in probes(base, config.space):
        probe.check()
        if probe.evaluation != base.evaluation:
            raise Mistake("trials are compared on the same text; take the paths below 'evaluation' out of the space")
        pair = [each.training for each in (base, probe)]
        budgets = [each.tokens * each.model.parameters(1) for each in pair if each.tokens]
        if len(budgets) < len(pair):
            raise Mistake("trials are compared at equal training FLOPs; set `training.tokens`, not `text_bytes`")
        if max(budgets) > (1 + FLOPS_TOLERANCE) * min(budgets):
            raise Mistake(
                "trials are compared at equal training FLOPs; take the paths of 'tuning.space' that change "
                "`training.tokens` or the size of `training.model` out of it"
            )


def sweep(base: Recipe, config: TuningConfig, store: Store) -> Manifest:
    """The manifest of the finished sweep; the same sweep is not run twice, and one that was killed goes on.

    Mistake names the trials that failed; those that finished are kept for the next attempt.
    """
    made_of = _made_of(base, config, store)
    target = _address(made_of)
    finished = built_alone(store, target, lambda: _swept(base, config, store, target, made_of))
    for state in (FOLDER, records.FOLDER):
        store.remove(f"{target}/{state}")
    return finished


def sweep_address(base: Recipe, config: TuningConfig, store: Store) -> str:
    """Where the manifest of the sweep is, or will be."""
    return _address(_made_of(base, config, store))


def _address(made_of: dict[str, Any]) -> str:
    return address("sweep", made_of, [])


def _made_of(base: Recipe, config: TuningConfig, store: Store) -> dict[str, Any]:
    return {"base": ingredients(with_models(base, store)), "tuning": ingredients(config)}


def build_shared(base: Recipe, others: Sequence[Recipe], store: Store) -> None:
    """What all trials have in common is in the store, so that trials at the same time do not each build it.

    That is every model which all of them need, and the stages of the data up to the first whose address differs.
    """
    recipes = [base, *others]
    needed = [needed_models(each, store) for each in recipes]
    for name, copies in needed[0].items():
        if all(_addresses(each[name]) == _addresses(copies) for each in needed if name in each):
            for model in copies.values():
                model.make(store)
    whole = [with_models(each, store) for each in recipes]
    addresses = [list(data_addresses(each.data, each.seed).values()) for each in whole]
    shared = sum(1 for _ in itertools.takewhile(lambda stages: len(set(stages)) == 1, zip(*addresses, strict=False)))
    for _ in itertools.islice(build_stages(whole[0].data, store, whole[0].seed), shared):
        pass


def _addresses(copies: Mapping[int, Needed]) -> list[dict[str, str]]:
    return [each.addresses() for each in copies.values()]


def _swept(base: Recipe, config: TuningConfig, store: Store, target: str, made_of: dict[str, Any]) -> Manifest:
    build_shared(base, probes(base, config.space), store)
    return _manifest(target, made_of, _trials(base, config, store, target))


def _trials(base: Recipe, config: TuningConfig, store: Store, target: str) -> list[Trial]:
    """All trials, in the order in which they ended; those of earlier attempts are taken from their records."""
    earlier = ended_trials(store, target)
    ended = [trial for _, trial in earlier]
    if len(ended) < config.trials:
        run = functools.partial(run_trial, base=base, space=config.space, store=store)
        search = _search(base.seed, config, earlier, take_begun(store, target))
        told, trials = recorder(store, target, config, ended), config.trials - len(ended)
        LOGGER.info("%s: %d trials, %d at a time, each is told when it ends", target, trials, config.concurrent)
        _raise_failures(_fit(run, trials, config, search, told, ray_storage(store, target)), config)
    return ended


def _search(
    seed: int, config: TuningConfig, earlier: Sequence[tuple[Point, Trial]], begun: list[Point]
) -> "OptunaSearch":
    """TPE that knows the trials that ended `earlier`, and draws the points of those that had begun first."""
    import optuna.logging
    from optuna.samplers import TPESampler
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Another seed in each attempt, or its first draws, which are at random, would be those of the attempt before.
    sampler = TPESampler(seed=seed + len(earlier), n_startup_trials=max(3, config.trials // 4))
    space = OptunaSearch.convert_search_space({path: each.domain() for path, each in config.space.items()})
    search = OptunaSearch(space=space, metric=METRIC, mode="min", points_to_evaluate=begun, sampler=sampler)
    for point, trial in earlier:
        search.add_evaluated_point(point, trial.bits_per_byte)
    return search


def _fit(
    run: Callable[[Point], None],
    trials: int,
    config: TuningConfig,
    search: "OptunaSearch",
    told: "tune.Callback",
    storage: dict[str, Any],
) -> "tune.ResultGrid":
    """So many trials are run at points that `search` draws."""
    from ray import tune

    os.environ.update(ENVIRONMENT)
    tuner = tune.Tuner(
        # No CPU: all of them are left to what the trials start.
        tune.with_resources(run, tune.PlacementGroupFactory([{"memory": 1}])),
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="min",
            num_samples=trials,
            max_concurrent_trials=config.concurrent,
            search_alg=search,
            scheduler=_scheduler(config),
            trial_dirname_creator=_folder,
        ),
        run_config=tune.RunConfig(name=FOLDER, **storage, verbose=0, callbacks=[told]),
    )
    return tuner.fit()


def _scheduler(config: TuningConfig) -> "ASHAScheduler":
    from ray.tune.schedulers import ASHAScheduler

    return ASHAScheduler(
        time_attr=SHARE,
        max_t=1,
        grace_period=config.grace_share,  # type: ignore[arg-type]
        reduction_factor=config.reduction,
    )


def _folder(trial: Any) -> str:
    return f"trial-{trial.trial_id}"


def _raise_failures(grid: "tune.ResultGrid", config: TuningConfig) -> None:
    results = [grid[place] for place in range(len(grid))]
    failed = {result.path: _cause(result.error) for result in results if result.error is not None}
    if failed:
        causes = "; ".join(dict.fromkeys(failed.values()))
        raise Mistake(
            f"{len(failed)} of {config.trials} trials failed ({causes}); mend the cause and give the same command "
            f"again: the trials that finished are kept; the first one's error is in {next(iter(failed))}/error.txt"
        )


def _cause(error: Exception) -> str:
    """What a trial failed of, in a line: a Mistake's own words, a fault's with its class."""
    from ray.exceptions import RayTaskError

    while isinstance(error, RayTaskError):
        error = error.cause
    first_line = next(iter(str(error).strip().splitlines()), "")
    return first_line if isinstance(error, Mistake) else f"{type(error).__name__}: {first_line}"


def _manifest(target: str, made_of: dict[str, Any], trials: list[Trial]) -> Manifest:
    finished = [trial for trial in trials if trial.state == FINISHED]
    if not finished:
        raise Mistake("training diverged in every trial; lower training.learning_rate or training.clip")
    best = min(finished, key=lambda trial: trial.bits_per_byte)
    return Manifest(
        address=target,
        name="sweep",
        kind="sweep",
        ingredients=made_of,
        counts={
            "trials": float(len(trials)),
            "finished": float(len(finished)),
            FLOPS: sum(trial.flops for trial in trials),
        },
        details=Swept(trials=trials, best=best.number).model_dump(mode="json"),
    )
