"""Starting vLLM inside a worker: the one place that knows what its builds want from their process."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import vllm

# One process and one OpenMP thread without binding: with the defaults a busy 2-core machine wrote 281 tokens/s instead
# of 4,600, and the engine's own processes outlive a killed worker. In GiB, the space for keys and values.
CPU_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}
# Compiling takes up to 164 s. A prompt read in two parts winds its seeded generator back, which CPU generators cannot:
# it ends the engine of vLLM 0.32 ("CPU Generator does not use offset").
CPU_ARGUMENTS = {"enforce_eager": True, "distributed_executor_backend": "uni", "enable_chunked_prefill": False}
# The build for CPUs looks for its kernels in every loaded module. This one has an object that answers any attribute,
# its `__dict__` too, with a function; vLLM 0.32 takes that for a dictionary and fails once numba has been imported.
MISTAKEN_MODULE = "llvmlite.binding.ffi"


def load(arguments: dict[str, Any]) -> "vllm.LLM":
    """The engine, in an environment that has to be there before vLLM is imported."""
    if built_for_cpu():
        arguments = {**CPU_ARGUMENTS, **arguments}
        for name, value in CPU_ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        import torch

        # Where torch was imported before, it has not read the environment: 200 tokens/s instead of 4,200 on 2 cores.
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    from vllm import LLM

    with _hidden(MISTAKEN_MODULE):
        return LLM(**arguments, load_format="safetensors", trust_remote_code=False)


def built_for_cpu() -> bool:
    """Whether the installed vLLM is the build for CPUs; the one for GPUs runs on nothing else."""
    return any(importlib.metadata.distributions(name="vllm-cpu"))


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    found = sys.modules.pop(module, None)
    try:
        yield
    finally:
        if found is not None:
            sys.modules[module] = found
