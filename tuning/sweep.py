"""Sweep: many trials over one store, drawn by Optuna, cut short by ASHA, and one manifest that compares them.

    <store>/sweep-<hash>/manifest.json     the table of all trials, the best one among them
    <store>/sweep-<hash>/tune/             Ray Tune's own state while the sweep runs

A sweep that was killed goes on with the same command: Ray Tune restores its trials and Optuna's memory, and what a
lost trial had built and trained is in the store. ASHA forgets its rungs then, so a little less is cut short.
"""

import functools
import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipelines.build import build_data, build_stages, data_addresses
from pipelines.store.address import address, ingredients
from pipelines.store.built import built_alone
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store
from training.engine.storage import ray_storage
from training.execution import model_recipes, planned_training, with_models
from training.recipe import Recipe
from training.stages import train_model
from tuning.config import TuningConfig
from tuning.results import Swept, Trial
from tuning.space import label, probes, values_at
from tuning.trial import FINISHED, METRIC, SHARE, STOPPED, run_trial

if TYPE_CHECKING:
    from ray import tune

FOLDER = "tune"
FLOPS_TOLERANCE = 0.01
ENVIRONMENT = {
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths in a config are relative to where the command was given
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends a sweep like any other command
    "RAY_AIR_NEW_OUTPUT": "0",  # which speaks of a folder that is gone in the end, even when told to be silent
}


def check_sweep(base: Recipe, config: TuningConfig) -> None:
    """Raises ValueError, before any work, for a path that leads nowhere and for trials that cannot be compared."""
    for probe in probes(base, config.space):
        probe.check()
        if probe.evaluation != base.evaluation:
            raise ValueError("trials are compared on the same text; take the paths below 'evaluation' out of the space")
        pair = [each.training for each in (base, probe)]
        budgets = [each.tokens * each.model.parameters(1) for each in pair if each.tokens]
        if len(budgets) < len(pair):
            raise ValueError("trials are compared at equal training FLOPs; set `training.tokens`, not `text_bytes`")
        if max(budgets) > (1 + FLOPS_TOLERANCE) * min(budgets):
            raise ValueError(
                "trials are compared at equal training FLOPs; take the paths of 'tuning.space' that change "
                "`training.tokens` or the size of `training.model` out of it"
            )


def sweep(base: Recipe, config: TuningConfig, store: Store) -> Manifest:
    """The manifest of the finished sweep; the same sweep is not run twice, and one that was killed goes on.

    ValueError names the trials that failed; those that finished are kept for the next attempt.
    """
    made_of = {"base": ingredients(with_models(base, store)), "tuning": ingredients(config)}
    target = address("sweep", made_of, [])
    finished = built_alone(store, target, lambda: _swept(base, config, store, target, made_of))
    if store.filesystem.exists(state := store.path(f"{target}/{FOLDER}")):
        store.filesystem.rm(state, recursive=True)
    return finished


def build_shared(base: Recipe, others: Sequence[Recipe], store: Store) -> None:
    """What all trials have in common is in the store, so that trials at the same time do not each build it.

    That is every model which all of them need, and the stages of the data up to the first whose address differs.
    """
    recipes = [base, *others]
    needed = [model_recipes(each, store) for each in recipes]
    for name, model in needed[0].items():
        if all(planned_training(each[name]) == planned_training(model) for each in needed if name in each):
            train_model(model, build_data(model.data, store, model.seed), store)
    whole = [with_models(each, store) for each in recipes]
    addresses = [list(data_addresses(each.data, each.seed).values()) for each in whole]
    shared = sum(1 for _ in itertools.takewhile(lambda stages: len(set(stages)) == 1, zip(*addresses, strict=False)))
    for _ in itertools.islice(build_stages(whole[0].data, store, whole[0].seed), shared):
        pass


def _swept(base: Recipe, config: TuningConfig, store: Store, target: str, made_of: dict[str, Any]) -> Manifest:
    build_shared(base, probes(base, config.space), store)
    return _manifest(target, made_of, _trials(_fit(base, config, store, target), config))


def _fit(base: Recipe, config: TuningConfig, store: Store, target: str) -> "tune.ResultGrid":
    from ray import tune

    os.environ.update(ENVIRONMENT)
    trainable = tune.with_resources(
        functools.partial(run_trial, base=base, space=config.space, store=store),
        tune.PlacementGroupFactory([{"memory": 1}]),  # no CPU: all of them are left to what the trials start
    )
    storage = ray_storage(store, target)
    if store.filesystem.glob(store.path(f"{target}/{FOLDER}/experiment_state-*.json")):
        tuner = tune.Tuner.restore(
            f"{storage['storage_path']}/{FOLDER}",
            trainable=trainable,
            resume_unfinished=True,
            restart_errored=True,
            storage_filesystem=storage["storage_filesystem"],
        )
        return tuner.fit()
    tuner = tune.Tuner(
        trainable,
        param_space={path: dimension.domain() for path, dimension in config.space.items()},
        tune_config=_tune_config(config, base.seed),
        run_config=tune.RunConfig(name=FOLDER, **storage, verbose=0, callbacks=[_progress(config)]),
    )
    return tuner.fit()


def _tune_config(config: TuningConfig, seed: int) -> "tune.TuneConfig":
    from optuna.samplers import TPESampler
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    sampler = TPESampler(seed=seed, n_startup_trials=max(3, config.trials // 4))
    return tune.TuneConfig(
        metric=METRIC,
        mode="min",
        num_samples=config.trials,
        max_concurrent_trials=config.concurrent,
        search_alg=OptunaSearch(sampler=sampler),
        scheduler=ASHAScheduler(
            time_attr=SHARE,
            max_t=1,
            grace_period=config.grace_share,  # type: ignore[arg-type]
            reduction_factor=config.reduction,
        ),
        trial_dirname_creator=_folder,
    )


def _folder(trial: Any) -> str:
    return f"trial-{trial.trial_id}"


def _progress(config: TuningConfig) -> "tune.Callback":
    """Prints a line when a trial ends."""
    from ray import tune

    class Progress(tune.Callback):
        def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            ended = 1 + sum(each.is_finished() for each in trials if each is not trial)
            result = trial.last_result
            values = values_at(config.space, trial.config)
            given = " ".join(f"{path}={label(value)}" for path, value in values.items())
            told = f"{result[METRIC]:.4f} bits per byte after {result[SHARE]:.0%} of the training"
            print(f"trial {ended} of {config.trials}: {told}: {given}", flush=True)

    return Progress()


def _trials(grid: "tune.ResultGrid", config: TuningConfig) -> list[Trial]:
    """The trials as they stand in the manifest, in the order in which they ended."""
    results = [grid[place] for place in range(len(grid))]
    failed = [result for result in results if result.error is not None]
    if failed:
        causes = "; ".join(f"{result.path}: {str(result.error).strip().splitlines()[-1]}" for result in failed)
        raise ValueError(
            f"{len(failed)} of {config.trials} trials failed ({causes}); mend the cause and give the same command "
            "again: the trials that finished are kept"
        ) from failed[0].error
    ended = sorted((result.metrics or {} for result in results), key=lambda metrics: metrics["timestamp"])
    return [_trial(number, metrics, config) for number, metrics in enumerate(ended, 1)]


def _trial(number: int, metrics: dict[str, Any], config: TuningConfig) -> Trial:
    return Trial(
        number=number,
        values=values_at(config.space, metrics["config"]),
        state=metrics.get("state", STOPPED),
        bits_per_byte=metrics[METRIC],
        share=metrics[SHARE],
        steps=metrics["step"],
        flops=metrics["flops"],
        seconds=metrics["time_total_s"],
        curve=metrics["curve"],
        addresses=metrics.get("addresses", {}),
    )


def _manifest(target: str, made_of: dict[str, Any], trials: list[Trial]) -> Manifest:
    finished = [trial for trial in trials if trial.state == FINISHED]
    if not finished:
        raise ValueError("training diverged in every trial; lower training.learning_rate or training.clip")
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
