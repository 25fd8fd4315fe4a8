"""Model folders on disk: which content a result depends on, and how many parameters a model has.

A model is named by a folder of safetensors, local or in a store, or by a hub name with a revision. No weights are
loaded here: a safetensors file opens with a JSON header that holds every tensor's shape.
"""

import functools
import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.location import from_root, located
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.storage_errors import reached
from pipelines.store.local_copy import local_copy

STORED_MODEL = re.compile(r"/(train-[0-9a-f]{12})/run/model/?$|/((?:datamodel|regression)-[0-9a-f]{12})/model/?$")
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "tekken.json")
MODEL_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")


def _from_root(model: str) -> str:
    """A folder from the root on, since workers run in folders of their own; any other name as it is."""
    return from_root(model) if Path(model).expanduser().is_dir() else model


@dataclass(frozen=True)
class Sort:
    """What a model has to be that is named somewhere, as a message tells it."""

    told: str


TRAINED = Sort("a model that is trained")
DATAMODEL = Sort("a datamodel")
REGRESSION = Sort("a regression")

# As a component's parameter; the content is its fingerprint, so the name is no part of an address.
_Name = Annotated[str, Field(min_length=1), AfterValidator(_from_root), PLACEMENT]
ModelName = Annotated[_Name, TRAINED]
DatamodelName = Annotated[_Name, DATAMODEL]
RegressionName = Annotated[_Name, REGRESSION]


def model_fingerprint(model: str, revision: str | None = None) -> dict[str, str]:
    """What names the content of a model: the sha256 of its files, the address of its making, or "name@revision".

    A model that a store holds is known by the address where it was made, whether it is there yet or not. The
    hash of any other local folder covers the names and contents of its files MODEL_FILES, not where the folder lies. A
    revision that is a commit hash pins a hub model; a branch can move. Mistake where there is neither folder nor
    revision, or where the folder has no safetensors.
    """
    if (stored := STORED_MODEL.search(model)) is not None:
        return {"model": stored[1] or stored[2]}
    folder = local_folder(model)
    if folder is not None:
        return {"model": _folder_hash(tuple(_stamp(file) for file in _model_files(folder)))}
    if revision is None:
        raise nowhere(model)
    return {"model": f"{model}@{revision}"}


def tokenizer_fingerprint(model: str) -> dict[str, str]:
    """What names the content of a model's tokenizer: the sha256 of its files, or the address of the model's making.

    Weights are left out, so models with one tokenizer share it. Mistake where there is no such folder.
    """
    if (stored := STORED_MODEL.search(model)) is not None:
        return {"tokenizer": stored[1] or stored[2]}
    folder = local_folder(model)
    if folder is None:
        raise nowhere(model)
    files = {file for pattern in TOKENIZER_FILES for file in folder.glob(pattern) if file.is_file()}
    return {"tokenizer": _folder_hash(tuple(_stamp(file) for file in sorted(files)))}


def stored_training(model: str) -> tuple[str, str] | None:
    """The store, and the address in it, of the training that made this model; None where a training made none such."""
    found = STORED_MODEL.search(model)
    return (model[: found.start()], found[1]) if found is not None and found[1] else None


def nowhere(model: str) -> Mistake:
    """The error, with its cure, of a model that is neither a folder nor pinned by a revision."""
    return Mistake(
        f"model '{model}' is no folder here, and a hub name needs a revision; "
        "give the path of a model folder, or add `revision: <commit hash>`"
    )


def parameter_count(model: str, revision: str | None = None) -> int:
    """The number of parameters stored in the model's safetensors; tied weights are stored, and counted, once.

    A hub model is counted in the local hub cache where it is there, else by the hub's own metadata (network).
    """
    folder = local_folder(model) or _cached_folder(model, revision)
    if folder is not None:
        return sum(_parameters_in(file) for file in weight_files(folder))
    from huggingface_hub import get_safetensors_metadata

    return sum(get_safetensors_metadata(model, revision=revision).parameter_count.values())


def local_folder(model: str) -> Path | None:
    """The folder that `model` names on this machine, or None where it has to be a hub name.

    A URL (`s3://...`) names a folder of a store; it is copied to this machine where that has no copy of its content.
    """
    folder = _copied(model) if "://" in model else Path(model).expanduser()
    return folder if folder.is_dir() else None


def holding(folder: str, file: str, sort: Sort, example: str) -> Path:
    """The folder on this machine, which has the file that tells what is there; Mistake where it has not, or is none."""
    place = local_folder(folder)
    if place is None or not (place / file).is_file():
        raise Mistake(
            f"'{folder}' holds no {sort.told.removeprefix('a ')} ({file}); name one of the run's, as in model: "
            f'"@{example}", or the folder of one'
        )
    return place


def loadable(model: str) -> str:
    """What transformers and vLLM load: the model's folder on this machine, else its hub name."""
    return str(local_folder(model) or model)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors of a model folder, sorted; Mistake with the cure where it has none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise Mistake(
            f"model folder '{folder}' has no *.safetensors; save the model with `save_pretrained(folder)` first"
        )
    return files


def _copied(url: str) -> Path:
    filesystem, path = located(url)
    with reached("model", url):
        return local_copy(filesystem, path) if filesystem.isdir(path) else Path(url)


def _cached_folder(model: str, revision: str | None) -> Path | None:
    """The hub cache's folder of a model whose weights are already here."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(model, "config.json", revision=revision)
    if not isinstance(config, str) or not any(Path(config).parent.glob("*.safetensors")):
        return None
    return Path(config).parent


def _model_files(folder: Path) -> list[Path]:
    weight_files(folder)
    return sorted({file for pattern in MODEL_FILES for file in folder.glob(pattern) if file.is_file()})


def _parameters_in(file: Path) -> int:
    """Parameters in one safetensors file, from its header: 8 bytes of little-endian length, then that much JSON."""
    with file.open("rb") as stream:
        header_bytes = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(header_bytes))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")


def _stamp(file: Path) -> tuple[Path, int, int]:
    """A file with its size and time of change: while these stay, it need not be read again."""
    status = file.stat()
    return file, status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=64)
def _folder_hash(stamps: tuple[tuple[Path, int, int], ...]) -> str:
    total = hashlib.sha256()
    for file, _, _ in stamps:
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.name}\0{content}\n".encode())
    return total.hexdigest()
