"""Writing: how a model goes on from the first words of held-out documents, sampled once and kept in the store."""

import dataclasses
from typing import Any

from cluster.report.schema import Passage
from pipelines.build import BuiltData
from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.source import Source
from pipelines.passes.task import in_task
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.encoded import open_coder
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.engine.accelerators import set_threads
from training.held_out.text import held_out_text
from training.networks.export import open_trained
from training.networks.generation import Sampling, generate
from training.recipe import Recipe

PROMPTS = 2  # with 96 tokens each 1 s of a model of a million parameters on a CPU, and 6 s to open it
PROMPT_CHARACTERS = 120
LOOKED_THROUGH = 65_536  # bytes of held-out documents, of which the first ones are begun
SAMPLING = Sampling(tokens=96, temperature=0.8, top_k=50)
WHOLE_ONLY = "nothing: its codec decodes whole documents only, so no text can go before"
NO_TEXT = "from here on its tokens stand for no text"
ENDED = "here it ended the document"


def passages(config: Recipe, data: BuiltData, trained: Manifest, store: Store) -> list[Passage]:
    """What the trained model writes behind PROMPTS beginnings; they are the same for every model of one held-out text.

    The documents are drawn by the hash of their ids, the tokens by the seed of SAMPLING. The model is opened on a
    node that has what a training worker takes, and not at all where the store has what it writes.
    """
    held_out, training = config.evaluation.held_out, config.training
    target = writing_address(held_out, trained.address)

    def make() -> Manifest:
        texts = held_out_text(held_out, data, store).sample(LOOKED_THROUGH, "write").texts[:PROMPTS]
        prompts = [opening(text) for text in texts]
        written = in_task(training.worker, _written, prompts, training, data.encoded, trained, store)
        samples = [passage.model_dump() for passage in written]
        return Manifest(
            address=target,
            name="write",
            kind="write",
            ingredients=_made_of(held_out),
            inputs=[trained.address],
            samples=samples,
        )

    return [Passage(**sample) for sample in built(store, target, make).samples]


def writing_address(held_out: Source, trained: str) -> str:
    """Where it is, or will be, what the model at the address `trained` writes behind beginnings of the source."""
    return address("write", _made_of(held_out), [trained])


def opening(text: str) -> str:
    """The first words of a text, PROMPT_CHARACTERS at most and about half of a shorter text."""
    text = text.strip()
    room = min(PROMPT_CHARACTERS, max(1, len(text) // 2))
    return text[:room].rsplit(None, 1)[0]


def _made_of(held_out: Source) -> dict[str, Any]:
    return {
        "held_out": ingredients(held_out),
        "prompts": [PROMPTS, PROMPT_CHARACTERS, LOOKED_THROUGH],
        "sampling": dataclasses.asdict(SAMPLING),
    }


def _written(
    prompts: list[str], training: TrainingConfig, encoded: Manifest, trained: Manifest, store: Store
) -> list[Passage]:
    coder = open_coder(encoded, store)
    if not coder.window:
        return [Passage(prompt=prompt, note=WHOLE_ONLY) for prompt in prompts]
    set_threads(training.threads, local_workers=1)
    network = open_trained(trained, coder.vocab_size, store)
    whole = max(1, SAMPLING.tokens // coder.window) * coder.window
    sampling = dataclasses.replace(SAMPLING, tokens=whole)
    found = []
    for prompt in prompts:
        given = coder.encode([prompt])[0].tolist()
        given = given[: len(given) - len(given) % coder.window]
        drawn = list(generate(network, given, coder.end, sampling))
        found.append(continued(prompt, coder, drawn, ENDED if len(drawn) < whole else ""))
    return found


def continued(prompt: str, coder: Coder, drawn: list[int], note: str) -> Passage:
    """The passage of the tokens drawn behind the prompt; as far as they stand for text, which is the note then."""
    pieces: list[bytes] = []
    try:
        for piece in coder.decode_stream(drawn):
            pieces.append(piece)
    except Mistake:
        note = NO_TEXT
    return Passage(prompt=prompt, text=b"".join(pieces).decode("utf-8", "replace"), note=note)
