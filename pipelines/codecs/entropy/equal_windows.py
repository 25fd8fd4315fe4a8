"""The codebook of windows with equal information: every string that fits into a window, and its bits.

Coder and model start anew with each window, so a window is a fixed mapping from a string to a number. The strings that
fit are found breadth first, and the model is asked once for each of them, in batches, instead of once for each byte
of a corpus (arXiv 2404.03626, section 3.3, compiled).
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from pipelines.codecs.entropy.cdf import Int64Array, quantized_cdf
from pipelines.codecs.entropy.codebook import Codebook
from pipelines.codecs.entropy.intervals import Interval, least_count, narrowed, padded_code
from pipelines.contracts.byte_model import NextByteFn

Rule = Literal["greedy", "delay"]
BATCH = 1024  # contexts in a call of the byte model


class _Node(NamedTuple):
    number: int
    parent: int
    text: bytes
    interval: Interval
    code: int


def equal_windows(predict: NextByteFn, bits: int, rule: Rule) -> Codebook:
    """The codebook of windows of `bits` bits, 14 at least, under one of two rules.

    `greedy`: a window holds the most bytes that fit, its bits filled up with zeros. Strings of different length can
    have the same filled-up bits, so it is not uniquely decodable.
    `delay`: it holds the fewest bytes that have those filled-up bits; the others go into the next window. Every number
    then stands for one string.
    """
    nodes = list(_fitting(predict, bits, rule))
    codes = np.array([node.code for node in nodes], np.int32)
    taken = np.array([len(node.text) for node in nodes], np.int32)
    if rule == "delay":
        shortest = {node.code: len(node.text) for node in reversed(nodes[1:])}
        taken[1:] = [shortest[node.code] for node in nodes[1:]]
    return Codebook(
        parents=np.array([node.parent for node in nodes], np.int32),
        letters=np.array([0, *(node.text[-1] for node in nodes[1:])], np.uint8),
        codes=codes,
        taken=taken,
    )


def is_full(interval: Interval, rule: Rule) -> bool:
    """Whether a window ends with the string of this interval, whatever follows.

    Under `delay` a zero byte is alone in its window. Its bits are zeros, and more zero bytes would leave them as they
    are: each byte of a long run of them would be read as often as a window has room for.
    """
    return rule == "delay" and interval.low == 0 and interval.scale > 0


def _fitting(predict: NextByteFn, bits: int, rule: Rule) -> Iterator[_Node]:
    """The empty string and all strings that fit into a window, shorter ones first."""
    level, count = [_Node(0, 0, b"", Interval(), 0)], 1
    while level:
        yield from level
        level = [node for node in level if not is_full(node.interval, rule)]
        longer: list[_Node] = []
        for start in range(0, len(level), BATCH):
            batch = level[start : start + BATCH]
            for node, cdf in zip(batch, quantized_cdf(predict([node.text for node in batch])), strict=True):
                longer += _children(node, cdf, bits, count + len(longer))
        level, count = longer, count + len(longer)


def _children(node: _Node, cdf: Int64Array, bits: int, number: int) -> list[_Node]:
    """The strings one byte longer that fit, numbered from `number`; most bytes are ruled out by their count alone."""
    children: list[_Node] = []
    for byte in np.flatnonzero(np.diff(cdf) >= least_count(node.interval, bits)).tolist():
        interval = narrowed(node.interval, int(cdf[byte]), int(cdf[byte + 1]))
        code = padded_code(interval, bits)
        if code is not None:
            text = node.text + bytes((byte,))
            children.append(_Node(number + len(children), node.number, text, interval, code))
    return children
