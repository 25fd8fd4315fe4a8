"""References: a component that needs a trained model can name one of the run's section `models`, as "@name".

The run trains it first and puts the folder of the exported model in the reference's place, so that the floor below only
ever opens folders. The folder's name holds the address of the training, which is part of every address that depends on
the model, so these are known before it is trained.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipelines.config import DataConfig
from pipelines.contracts.mistakes import Mistake

KEY = "model"


def references(tree: Any) -> Iterator[str]:
    """The name behind every "@" under a key `model`, at any depth."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if _is_reference(key, value):
                yield value[1:]
            else:
                yield from references(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from references(value)


def check_references(where: str, config: DataConfig, known: Collection[str]) -> None:
    """Raises Mistake where the config names a model that is not known."""
    for name in references(config.model_dump()):
        if name not in known:
            raise Mistake(
                f"{where} refers to '@{name}', which is not among the models before it: {sorted(known)}; add "
                f"models.{name} with its `data` and `training`"
            )


def resolved(config: DataConfig, folders: Mapping[str, str]) -> DataConfig:
    """The config with the folder of each model that it refers to."""
    return DataConfig.model_validate(_replaced(config.model_dump(), folders))


def _replaced(tree: Any, folders: Mapping[str, str]) -> Any:
    if isinstance(tree, Mapping):
        return {
            key: folders[value[1:]] if _is_reference(key, value) else _replaced(value, folders)
            for key, value in tree.items()
        }
    if isinstance(tree, list | tuple):
        return [_replaced(value, folders) for value in tree]
    return tree


def _is_reference(key: Any, value: Any) -> bool:
    return key == KEY and isinstance(value, str) and value.startswith("@")
