"""The weights of an exported byte Transformer, rounded to whole multiples of a power of two."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipelines.codecs.neural.shape import BUCKETS, CONFIG_FILE, VOCABULARY, WEIGHTS_FILE, Shape
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.store.sealed import seal, unseal

KIND = "transformer"
WEIGHT_BITS = 15  # beside the sign
RESIDUAL_BITS = 12  # of a fraction, of what the layers add up
RESIDUAL_BOUND = 2.0**8
SCORE_BITS = 10


class Layer(NamedTuple):
    """What one layer multiplies with; (i, o) matrices of i inputs and o outputs, gains and head scale folded in."""

    qkv: FloatArray
    bias: FloatArray  # (heads, buckets)
    attended: FloatArray
    gate_up: FloatArray
    down: FloatArray


class Weights(NamedTuple):
    """A whole model: the embedding (257, hidden), the layers and the output (hidden, 256)."""

    shape: Shape
    embedding: FloatArray
    layers: list[Layer]
    output: FloatArray


def sealed_model(folder: Path) -> bytes:
    """An exported model in one sealed file; Mistake where the folder holds another architecture, or half of one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise Mistake(f"'{folder}' is no exported model, it has no {name}; give the folder of one")
    shape = Shape.from_config((folder / CONFIG_FILE).read_bytes())
    try:
        arrays = load_file(folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise Mistake(f"'{folder / WEIGHTS_FILE}' cannot be read ({error}); export the model again") from error
    _check_tensors(shape, arrays)
    return seal(KIND, shape._asdict(), arrays)


def rounded_weights(content: bytes) -> Weights:
    """The model in a sealed file, rounded; Mistake where that is not whole or not of this kind."""
    sealed = unseal(KIND, content)
    shape, arrays = Shape(**sealed.facts), sealed.arrays
    _check_tensors(shape, arrays)
    layers = [_layer(shape, arrays, f"layers.{number}.") for number in range(shape.layers)]
    output = arrays["head.weight"][:256].astype(np.float64) * arrays["norm.weight"]
    embedding = _multiples(arrays["embedding.weight"], RESIDUAL_BITS).clip(-RESIDUAL_BOUND, RESIDUAL_BOUND)
    return Weights(shape, embedding, layers, _rounded(output.T))


def tensor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor of an exported model; matrices are (outputs, inputs) as torch has them."""
    hidden, wide = shape.hidden, shape.feed_forward
    layer = {
        "attention_norm.weight": (hidden,),
        "qkv.weight": (3 * hidden, hidden),
        "bias": (shape.heads, BUCKETS),
        "attended.weight": (hidden, hidden),
        "feed_forward_norm.weight": (hidden,),
        "gate_up.weight": (2 * wide, hidden),
        "down.weight": (hidden, wide),
    }
    ends = {"embedding.weight": (VOCABULARY, hidden), "norm.weight": (hidden,), "head.weight": (VOCABULARY, hidden)}
    return ends | {f"layers.{number}.{name}": size for number in range(shape.layers) for name, size in layer.items()}


def _check_tensors(shape: Shape, arrays: dict[str, Any]) -> None:
    if min(shape) < 1 or shape.hidden % shape.heads:
        raise Mistake(f"{shape} is no byte model: hidden is a multiple of heads, and nothing is 0; export it again")
    found = {name: array.shape for name, array in arrays.items()}
    if found != tensor_shapes(shape):
        wrong = sorted(set(found.items()) ^ set(tensor_shapes(shape).items()))
        raise Mistake(f"byte model 'transformer' does not have the tensors of {shape}: {wrong[:4]}; export it again")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise Mistake("byte model 'transformer' has weights that are not finite; its training diverged, train anew")


def _layer(shape: Shape, arrays: dict[str, Any], prefix: str) -> Layer:
    def matrix(name: str, gains: str | None = None) -> FloatArray:
        weight: FloatArray = arrays[f"{prefix}{name}.weight"].astype(np.float64)
        return (weight * arrays[f"{prefix}{gains}.weight"] if gains else weight).T

    qkv = matrix("qkv", "attention_norm")
    qkv[:, : shape.hidden] /= np.sqrt(shape.hidden // shape.heads)
    return Layer(
        qkv=_rounded(qkv),
        bias=_multiples(arrays[f"{prefix}bias"], SCORE_BITS),
        attended=_rounded(matrix("attended")),
        gate_up=_rounded(matrix("gate_up", "feed_forward_norm")),
        down=_rounded(matrix("down")),
    )


def _rounded(matrix: FloatArray) -> FloatArray:
    """The nearest multiples of the least power of two by which the largest weight has WEIGHT_BITS."""
    _, exponent = np.frexp(np.abs(matrix).max())
    rounded: FloatArray = np.ldexp(np.round(np.ldexp(matrix, WEIGHT_BITS - exponent)), exponent - WEIGHT_BITS)
    return rounded


def _multiples(values: FloatArray, bits: int) -> FloatArray:
    return np.round(values.astype(np.float64) * 2.0**bits) / 2.0**bits
