"""Accelerators: what a worker computes on, with how many threads, and how fast that could be at best."""

import os

# Dense bf16 floating-point operations a second at most, from the vendors' data sheets.
_PEAK_FLOPS = {
    "A100": 312e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "H200": 989e12,
    "L4": 121e12,
    "L40S": 362e12,
    "B200": 2_250e12,
}


def has_gpu() -> bool:
    """Whether this process may use a GPU."""
    import torch

    return torch.cuda.is_available()


def peak_flops() -> float | None:
    """bf16 operations a second of this worker's GPU at best; None for a CPU or a GPU not in the list."""
    import torch

    if not has_gpu():
        return None
    name = torch.cuda.get_device_name()
    known = [kind for kind in _PEAK_FLOPS if all(word in name.replace("-", " ").split() for word in kind.split())]
    return _PEAK_FLOPS[max(known, key=len)] if known else None


def set_threads(threads: int | None, local_workers: int) -> None:
    """So many threads compute in torch; by default the machine's cores, divided by the workers on it."""
    import torch

    torch.set_num_threads(threads or max(1, len(os.sched_getaffinity(0)) // local_workers))
