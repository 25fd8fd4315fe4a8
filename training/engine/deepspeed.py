"""Engine: the DeepSpeed engine that holds a model, its optimizer and its gradients.

Weights, gradients and moments are fp32 in every ZeRO stage; `bf16` computes under autocast. So a checkpoint has one
layout, and the stages differ in where the numbers lie, not in what they are.
"""

import os
from typing import TYPE_CHECKING, Any

from training.config import TrainingConfig
from training.engine.accelerators import has_gpu
from training.engine.optimizer import adamw

if TYPE_CHECKING:
    import torch
    from deepspeed import DeepSpeedEngine


def deepspeed_config(config: TrainingConfig, length: int) -> dict[str, Any]:
    """The dictionary that DeepSpeed is configured with, for sequences of `length` tokens."""
    micro = config.micro_batch(length)
    sequences = config.batch_sequences(length)
    return {
        "train_batch_size": sequences,
        "train_micro_batch_size_per_gpu": micro,
        "gradient_accumulation_steps": sequences // (micro * config.workers),
        "gradient_clipping": config.clip,
        "zero_optimization": {"stage": config.zero_stage},
        "zero_allow_untested_optimizer": True,
        "torch_autocast": {"enabled": config.precision == "bf16", "dtype": "bfloat16"},
        "steps_per_print": 1_000_000_000,
        "wall_clock_breakdown": False,
    }


def start(network: Any, config: TrainingConfig, length: int) -> "DeepSpeedEngine":
    """The engine around `network`, in a process whose torch.distributed group is already set up."""
    if not has_gpu():
        os.environ["DS_ACCELERATOR"] = "cpu"
    import deepspeed

    deepspeed.utils.logger.setLevel("WARNING")
    # Its shared-memory collective is compiled for a minute at the first start, needs a compiler, and leaves the other
    # workers waiting for ever when one is killed; gloo has none of that.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed(dist_backend="nccl" if has_gpu() else "gloo", verbose=False)
    engine, *_ = deepspeed.initialize(
        model=network, optimizer=adamw(network, config), config=deepspeed_config(config, length)
    )
    return engine


def set_learning_rate(engine: "DeepSpeedEngine", learning_rate: float) -> None:
    """The next step is taken with this learning rate."""
    for group in engine.optimizer.param_groups:
        group["lr"] = learning_rate


def base_optimizer(engine: "DeepSpeedEngine") -> "torch.optim.Optimizer":
    """The torch optimizer inside whatever DeepSpeed has wrapped around it."""
    inner: torch.optim.Optimizer = engine.basic_optimizer
    return inner
