"""Checkpoints: everything a run needs to go on at an exact step, whole or invisible.

    <folder>/checkpoints/step-00000200/part-0-of-2.safetensors    weights and moments, every world-th of them
    <folder>/checkpoints/step-00000200/complete.json              written last, names the parts and their xxh3

A checkpoint is taken up by what lies in the folder, not by what Ray Train's controller has heard of: it polls, and a
worker that dies within two seconds of its report would otherwise go back to an older one. A part holds whole fp32
tensors by name, whatever the ZeRO stage and number of workers, so a run also goes on with others.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from pipelines.store.manifest import Stored
from pipelines.store.store import Store, digest
from training.contracts import Objective
from training.engine.deepspeed import base_optimizer, set_learning_rate
from training.randomness import sequence_keys

if TYPE_CHECKING:
    import torch
    from deepspeed import DeepSpeedEngine

LOGGER = logging.getLogger(__name__)
MOMENTS = ("exp_avg", "exp_avg_sq")
FOLDER = "checkpoints"


class Marker(Stored):
    """What `complete.json` says of a checkpoint: its step, and xxh3 of each of its parts by name."""

    step: int
    parts: dict[str, str]


def complete_steps(store: Store) -> list[int]:
    """The steps of all checkpoints that are marked as complete, ascending."""
    numbers = (folder.removeprefix("step-") for folder in store.names(FOLDER))
    steps = sorted(int(number) for number in numbers if number.isdigit())
    return [step for step in steps if _marker(store, step) is not None]


def newest_whole_step(store: Store) -> int | None:
    """The newest step whose parts are all there as they were written, or None; says which newer ones are passed by."""
    for step in reversed(complete_steps(store)):
        marker = _marker(store, step)
        if marker is not None and all(_is_whole(store, step, *part) for part in marker.parts.items()):
            return step
        LOGGER.warning("checkpoint '%s' is damaged; the one before it is taken up", store.path(name(step)))
    return None


def name(step: int) -> str:
    """The folder of a checkpoint inside the run's folder."""
    return f"{FOLDER}/step-{step:08d}"


def save(engine: "DeepSpeedEngine", store: Store, step: int, rank: int, world: int) -> None:
    """The state after `step` steps is in the folder, whole; all ranks call it together."""
    from safetensors.torch import save as to_bytes
    from torch import distributed

    mine = to_bytes(dict(full_state(engine, rank, world)))
    store.write(f"{name(step)}/{_part(rank, world)}", mine)
    digests: list[str] = [""] * world
    distributed.all_gather_object(digests, digest(mine))
    if rank == 0:
        marker = Marker(step=step, parts={_part(each, world): digests[each] for each in range(world)})
        store.write(f"{name(step)}/complete.json", marker.model_dump_json().encode())


def prune(store: Store, keep: int) -> None:
    """At most the `keep` newest whole checkpoints are left; a marker goes before what it names."""
    for step in complete_steps(store)[:-keep]:
        store.filesystem.rm_file(store.path(f"{name(step)}/complete.json"))
        store.remove(name(step))


def parts(store: Store, step: int) -> Iterator[dict[str, "torch.Tensor"]]:
    """The tensors of a whole checkpoint, a part at a time: weights by name, moments as `<moment>:<name>`."""
    from safetensors.torch import load as from_bytes

    marker = Marker.model_validate_json(store.read(f"{name(step)}/complete.json"))
    for part in marker.parts:
        yield from_bytes(store.read(f"{name(step)}/{part}"))


def full_state(engine: "DeepSpeedEngine", rank: int, world: int) -> Iterator[tuple[str, "torch.Tensor"]]:
    """The fp32 weights and moments of every world-th tensor, whole, on the CPU; all ranks call it together."""
    _link_moments(engine)
    for number, (key, weight) in enumerate(engine.module.named_parameters()):
        for moment in (None, *MOMENTS):
            tensor = _whole(engine, weight, moment)
            if number % world == rank:
                yield (f"{moment}:{key}" if moment else key), tensor.detach().to("cpu", copy=True).contiguous()


def full_weights(engine: "DeepSpeedEngine", rank: int) -> dict[str, "torch.Tensor"]:
    """All fp32 weights by name, whole, on the CPU of rank 0; none for the other ranks, all of which call it too."""
    weights = {}
    for key, weight in engine.module.named_parameters():
        tensor = _whole(engine, weight, None)
        if rank == 0:
            weights[key] = tensor.detach().to("cpu", copy=True)
    return weights


def restore(
    engine: "DeepSpeedEngine",
    objective: Objective,
    state: Iterable[dict[str, "torch.Tensor"]],
    step: int,
    rank: int,
    world: int,
) -> None:
    """The engine is as it was after `step` steps; its network was built with the weights in the parts of `state`.

    The optimizer makes its moments in its first step, wherever the ZeRO stage wants them; so one is taken with
    learning rate 0 and then everything is overwritten.
    """
    import torch

    set_learning_rate(engine, 0.0)
    for _ in range(engine.gradient_accumulation_steps()):
        engine.backward(_nothing(engine, objective))
        engine.step()
    _link_moments(engine)
    weights = dict(engine.module.named_parameters())
    for key, value in (item for part in state for item in part.items()):
        moment, _, name_of_weight = key.rpartition(":")
        _set_whole(engine, weights[name_of_weight], moment or None, value, rank, world)
    for slots in base_optimizer(engine).state.values():
        slots["step"] = torch.full_like(slots["step"], step)


def _nothing(engine: "DeepSpeedEngine", objective: Objective) -> "torch.Tensor":
    import torch

    tokens_BT = torch.zeros((1, 2), dtype=torch.int64, device=engine.device)
    keys_B = sequence_keys(0, 0, np.zeros(1, np.int64))
    predicted = objective.predict(engine, tokens_BT, torch.ones_like(tokens_BT, dtype=torch.bool), keys_B)
    return predicted.logits_BPV.sum() * 0.0


def _link_moments(engine: "DeepSpeedEngine") -> None:
    """Each weight knows its moments; DeepSpeed links them before it has stepped any parameter group but the first."""
    from deepspeed.utils import lazy_init_hp_params_optimizer_state

    if engine.zero_optimization_stage() in (1, 2):
        optimizer = engine.optimizer
        for weights, partition in zip(optimizer.bit16_groups, optimizer.single_partition_of_fp32_groups, strict=True):
            lazy_init_hp_params_optimizer_state(weights, partition, optimizer.state)


def _marker(store: Store, step: int) -> Marker | None:
    try:
        return Marker.model_validate_json(store.read(f"{name(step)}/complete.json"))
    except FileNotFoundError:
        return None
    except ValidationError:
        LOGGER.warning("'%s/complete.json' is cut off or of another release", store.path(name(step)))
        return None


def _is_whole(store: Store, step: int, part: str, expected: str) -> bool:
    try:
        return digest(store.read(f"{name(step)}/{part}")) == expected
    except FileNotFoundError:
        return False


def _part(rank: int, world: int) -> str:
    return f"part-{rank}-of-{world}.safetensors"


def _whole(engine: "DeepSpeedEngine", weight: "torch.Tensor", moment: str | None) -> "torch.Tensor":
    from deepspeed.utils import safe_get_full_fp32_param, safe_get_full_optimizer_state

    whole: torch.Tensor
    if engine.zero_optimization_stage() > 0:
        whole = safe_get_full_optimizer_state(weight, moment) if moment else safe_get_full_fp32_param(weight)
    else:
        whole = base_optimizer(engine).state[weight][moment] if moment else weight
    return whole


def _set_whole(
    engine: "DeepSpeedEngine", weight: "torch.Tensor", moment: str | None, value: "torch.Tensor", rank: int, world: int
) -> None:
    import torch
    from deepspeed import utils

    stage = engine.zero_optimization_stage()
    value = value.to(engine.device)
    if stage == 0:
        (base_optimizer(engine).state[weight][moment] if moment else weight.data).copy_(value)
    elif stage < 3:
        if moment:
            utils.safe_set_full_optimizer_state(weight, value, moment)
        else:
            utils.safe_set_full_fp32_param(weight, value)
            weight.data.copy_(value)
    else:
        each = -(-value.numel() // world)
        padded = torch.nn.functional.pad(value.flatten(), (0, each * world - value.numel()))
        mine = padded[rank * each : (rank + 1) * each]
        if moment:
            utils.safe_set_local_optimizer_state(weight, mine, moment)
        else:
            utils.safe_set_local_fp32_param(weight, mine)
