"""Mapped arrays: what takes long to make is made once for a user of this machine, whose processes share its memory.

    <private place>/arrays/<name>.npy         the arrays as fields of one record, and behind it the xxh3 of all that
    <private place>/arrays/<name>.npy.lock    held by the one process that makes it

A file that was cut off or cleared away is made again.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from pipelines.store.private_place import private_place
from pipelines.store.store import Store, digest

DIGITS = len(digest(b""))


def mapped_arrays(name: str, make: Callable[[], Mapping[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """What `make` returns, read-only; it is called where the machine has no whole arrays of this name yet.

    Of the processes that ask at once, one makes them and the others wait for it.
    """
    place, file = Store(str(private_place("arrays"))), f"{name}.npy"
    path = place.path(file)
    if not _is_whole(path):
        with FileLock(f"{path}.lock"):
            if not _is_whole(path):
                place.write(file, _sealed(make()))
    record = np.load(path, mmap_mode="r")
    return {field: np.asarray(record[field][0]) for field in record.dtype.names}


def _sealed(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    record = np.empty(1, [(name, array.dtype, array.shape) for name, array in arrays.items()])
    for name, array in arrays.items():
        record[name] = array
    stream = io.BytesIO()
    np.save(stream, record)
    stream.write(digest(stream.getvalue()).encode())
    return stream.getvalue()


def _is_whole(path: str) -> bool:
    try:
        content = np.memmap(path, np.uint8, "r")
    except (FileNotFoundError, ValueError):  # there is no file, or nothing in it
        return False
    return content[-DIGITS:].tobytes() == digest(content[:-DIGITS].data).encode()
