"""Where Ray Train and Ray Tune keep their own state of a run: in the store, and through fsspec like all else."""

from typing import Any

from pipelines.store.store import Store


def ray_storage(store: Store, folder: str) -> dict[str, Any]:
    """`storage_path` and `storage_filesystem` for a RunConfig whose state lies in `folder` of the store.

    Left to itself Ray takes a bucket's URL to Arrow's own clients, which know nothing of an endpoint or a key that
    fsspec was configured with.
    """
    if store.is_local:
        return {"storage_path": store.path(folder), "storage_filesystem": None}
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    return {
        "storage_path": store.path(folder),
        "storage_filesystem": PyFileSystem(FSSpecHandler(store.filesystem)),
    }
