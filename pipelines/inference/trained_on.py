"""Trained on: the documents that a model of a store has seen, by the manifests from its training on down."""

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import stored_training
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

ENCODED = "encode"  # the kind of the stage that still has a row for each document


def check_trained(model: str) -> None:
    """Mistake where `model` is no model that a run trains, or has trained, in a store."""
    if not model.startswith("@") and stored_training(model) is None:
        raise Mistake(
            f"nobody knows what '{model}' was trained on; name a model of the section `models`, or the folder "
            "`<store>/train-.../run/model` of one that a run has trained"
        )


def documents_of(model: str) -> dict[str, tuple[Store, Manifest]]:
    """By its address each dataset of documents that the model was trained on, and those of what it went on from.

    Mistake where the model is none of a store, or the store has lost how it was made.
    """
    check_trained(model)
    place = stored_training(model)
    assert place is not None
    store, ahead = Store(place[0]), [place[1]]
    found: dict[str, tuple[Store, Manifest]] = {}
    while ahead:
        address = ahead.pop()
        manifest = store.manifest(address)
        if manifest is None:
            raise Mistake(f"store '{store.url}' has no finished '{address}', of which model '{model}' was made")
        if manifest.kind == ENCODED:
            found[address] = (store, manifest)
        else:
            ahead += manifest.inputs
    return found
