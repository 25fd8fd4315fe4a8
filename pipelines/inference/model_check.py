"""Model check: what can be known to be wrong with the model that a config names, before anything is loaded."""

import json
import re
from pathlib import Path

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import local_folder, nowhere, weight_files

HUB_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
CONFIG = "config.json"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json")
AGAIN = "download it, or save it with `save_pretrained(folder)`, once more"


def check_model(model: str, revision: str | None) -> None:
    """Raises Mistake with the cure where there is no such folder, or it is no whole causal LM with its tokenizer.

    "@name", one of the run's models, has yet to be trained, and a hub is not asked.
    """
    if model.startswith("@"):
        return
    folder = local_folder(model)
    if folder is not None:
        check_folder(folder)
        _check_tokenizer_in(folder)
    elif revision is None or not HUB_NAME.fullmatch(model):
        raise nowhere(model)


def check_tokenizer(model: str) -> None:
    """Raises Mistake with the cure where there is no such folder, or it has no tokenizer.

    "@name", one of the run's models, has yet to be trained.
    """
    if model.startswith("@"):
        return
    folder = local_folder(model)
    if folder is None:
        raise Mistake(
            f"there is no folder '{model}'; give the path of a model folder, or \"@name\" of one of the models"
        )
    _check_tokenizer_in(folder)


def check_folder(folder: Path) -> None:
    """Raises Mistake with the cure where a model folder lacks its weights or config, or a file of it is cut off.

    Of the weights the headers are read; of sharded ones all have to be there that the index names.
    """
    from safetensors import SafetensorError, safe_open

    for file in weight_files(folder):
        try:
            with safe_open(file, framework="numpy"):
                pass
        except SafetensorError as error:
            raise Mistake(f"model file '{file}' cannot be read ({error}); {AGAIN}") from error
    if not (folder / CONFIG).is_file():
        raise Mistake(f"model folder '{folder}' has no {CONFIG}; {AGAIN}")
    for file in sorted(folder.glob("*.json")):
        _check_json(file)


def _check_tokenizer_in(folder: Path) -> None:
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise Mistake(
            f"model folder '{folder}' has no tokenizer ({', '.join(TOKENIZERS)}); save that of the model there too"
        )


def _check_json(file: Path) -> None:
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise Mistake(f"model file '{file}' is no JSON ({error}); {AGAIN}") from error
    named = content.get("weight_map", {}) if isinstance(content, dict) else {}
    if missing := sorted({name for name in named.values() if not (file.parent / name).is_file()}):
        raise Mistake(f"model folder '{file.parent}' lacks {', '.join(missing)}, which {file.name} names; {AGAIN}")
