"""Generate: the text that the trained model of a run writes; no cluster is started and nothing is trained."""

import codecs
import shlex
from collections.abc import Iterator, Sequence
from typing import TextIO

from cluster.config import RunConfig, load
from cluster.names import config_file
from pipelines.contracts.codec import Coder
from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake
from pipelines.store.encoded import open_coder
from pipelines.store.store import Store
from pipelines.texts.showing import visible
from training.execution import find_model, planned_training
from training.needed import with_models
from training.networks.export import open_trained
from training.networks.generation import Sampling
from training.networks.generation import generate as generate_tokens


def generate(file: str, overrides: Sequence[str], prompt: str, sampling: Sampling, out: TextIO) -> str:
    """The prompt and what the model of the run writes behind it are in `out`, as they came; returns what was done.

    The prompt is encoded as a text of its own: a codec of windows closes the last one there, which in a longer text
    might have held more. What is decoded as a whole document takes no prompt, and is written where the model ends it.
    Mistake where the model is not trained yet, and on tokens that stand for no text.
    """
    file = config_file(file)
    config = load(file, overrides)
    store = Store(config.store)
    found = find_model(config.recipe, store)
    if found is None:
        raise Mistake(_not_found(file, overrides, config, store))
    data, trained = found
    coder = open_coder(data.encoded, store)
    given: list[int] = coder.encode([prompt])[0].tolist() if prompt else []
    check_whole_windows(coder, len(given), sampling)
    network = open_trained(trained, coder.vocab_size, store)
    drawn: list[int] = []

    def document() -> Iterator[int]:
        yield from given
        for token in generate_tokens(network, given, coder.end, sampling):
            drawn.append(token)
            yield token

    written = write(coder.decode_stream(document()), out)
    return f"{trained.address}, seed {sampling.seed}: {len(drawn)} tokens behind {len(given)}, {written} bytes of text"


def _not_found(file: str, overrides: Sequence[str], config: RunConfig, store: Store) -> str:
    """What was looked for, and how to get it; the file of a run that had overrides is not the run itself."""
    address = planned_training(with_models(config.recipe, store))
    return (
        f"the model of '{file}', {address}, is not in store '{public(config.store)}'; name the run "
        f"('{config.name}') or give its overrides if it had others, or train it: "
        f"{shlex.join(['gleaner', 'train', file, *overrides])}"
    )


def check_whole_windows(coder: Coder, given: int, sampling: Sampling) -> None:
    """Raises Mistake where nothing can follow the `given` tokens of a prompt, or the last window would stay open."""
    together, drawn = coder.window, sampling.tokens
    if not together and given:
        raise Mistake("the codec decodes whole documents only, and the prompt is one already; leave it out")
    if together and given % together:
        raise Mistake(f"the prompt ends within {together} tokens that are decoded together; give a longer one")
    if together and drawn % together:
        fewer = drawn - drawn % together
        raise Mistake(
            f"{drawn} tokens end within {together} that are decoded together; give {fewer} or {fewer + together}"
        )


def write(pieces: Iterator[bytes], out: TextIO) -> int:
    """The pieces are in `out` as UTF-8 text, each at once, and a line break; returns how many bytes they had.

    Control and direction marks are written out, so that a model gives no orders to the terminal.
    """
    decoder, size = codecs.getincrementaldecoder("utf-8")("replace"), 0
    try:
        for piece in pieces:
            size += len(piece)
            out.write(visible(decoder.decode(piece)))
            out.flush()
    finally:
        out.write(visible(decoder.decode(b"", final=True)) + "\n")
        out.flush()
    return size
