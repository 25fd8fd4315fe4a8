"""Twice the text costs about twice the time, whatever signs it is made of: for all that reads single texts."""

import functools
import json
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.codecs import bpe, sentencepiece
from pipelines.codecs.byte_models import order_k
from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import kinds
from pipelines.contracts.filter import Filter
from pipelines.contracts.scorer import Scorer
from pipelines.engines.simplify import docstrings, hidden, lines, markup, noise, sentences, vocabulary, words
from pipelines.engines.simplify.simplifier import simplifier
from pipelines.rewriters.checks.negations import turned_negations
from pipelines.rewriters.checks.numbers import invented_numbers
from pipelines.rewriters.checks.support import support
from pipelines.texts.chunking import chunks
from pipelines.texts.folding import folded
from pipelines.texts.ngrams import ngrams

FLOOR_SECONDS = 0.2  # CPU time for twice the text below which a quadratic could not be told from noise
MOST_GROWTH = 2.5
TRIES = 4

# What is repeated, or what stands before it and what is repeated.
HOSTILE: dict[str, list[str | tuple[str, str]]] = {
    "letters": [
        "a", "ab", "A", "aB1=", "é", "ß", "İ", "漢",
        "かな", "한", "ไทย", "ع", "𠀀", "QmFzZTY0", "xqzj ", ("a ", "b"),
    ],
    "numbers": [
        "1", "1,", "0.", "1 ", "3.14 ", "½", "Ⅷ",
        "①", "٣", "2024-01-01 ", "12:30 ", "0x1f", "[1,", "1. a\n",
    ],
    "white space": [
        " ", "\t", "\n", "\r\n", "\n \n", " a\n", "a  ",
        "\u00a0", "\u3000", "\u2028", "\x0b", "\x1c", "\x85",
    ],
    "unseen": [
        "\x00", "\u0301", "a\u0301", "\u200b", "a\u200b", "\u200d",
        "\ufeff", "\u00ad", "\ufe0f", "\u202e", "\U0010ffff",
    ],
    "joined": [
        "👩‍👩‍👧‍👦", "🙂", "\U0001f1e9", "ﬁ", "\u0928\u094d", "\u1100\u1161",
        "\ufdfa", "\u00a8", "\ufffd", "\ue000", "\u0378",
    ],
    "stops": [
        ".", "..", ". ", "...", "…", "?!", "!", "。", "。)",
        "漢字。", "a.", "a. ", "A. ", "a.b.", "e.g. ", "a!? B", "a.\n",
    ],
    "marks": [
        ",", ";", ":", "a, b and c, ", "; ", "—", "–a", "-", "- ",
        "-=", "==", "= a ", "_", "__", "*", "**", "#", "~",
    ],
    "quotes": [
        "'", '"', "''", "`", "``", "’", "“",
        '"a." ', "isn't ", ('"', "a "), ("'", "a."), ("`", "a "), ("“", "a. "),
    ],
    "brackets": [
        "(", ")", "()", "( ", "(a (b ", "[", "[[", "[a",
        "]", "{", "{{", "}", "({[", "a(", "f(a, ", ("(", "a "),
    ],
    "markup": [
        "<", ">", "<a>", "<b ", " <b>", "</b>", "<!--",
        "<!-- ", "-->", "<script>", "<style> ", "<?", "<![CDATA[", "&amp;",
    ],
    "markup never closed": [
        ("<!--", "a "), ("<script>", "a\n"), ("<b ", 'a="b" '),
        ("&", "a"), ("<", "a "), ("<a>", "<b>"),
    ],
    "links": [
        "[a](", "[a](b)", "![", "![a](", "http://", "https://a.b/c ",
        "www.a.", "a.com ", "a@b.", "a@b.c ", ("http://", "a/"),
    ],
    "paths": ["/", "//", "/a/b", "../", "\\", "C:\\a\\", ("/", "a?"), ("[a](", "b")],
    "lines": [
        "a\n", "- a\n", "* a\n", "• a\n", "> a\n", "# a\n",
        "=\n", "------\n", "a\n=\n", "a\n---\n", "1. a\n\n", "Home > A > ",
    ],
    "tables": ["|", "|a", "|a|b|\n", "|-|-|\n", "a|b\n", "+--+\n", "| ", ("|a|\n|-|\n", "|b|\n")],
    "fences": [
        "```", "```a\n", "```\n", "~~~\na\n",
        "~~~", ("```\n", "a\n"), ("~~~a\n", "b = c\n"), ("```\n", "``\n"),
    ],
    "code": [
        "    a\n", "a = b\n", "a=1;", "x for a in b", "for x in a:\n", "def a():\n",
        "// a\n", "/* a ", "-- a\n", "@a\n", "a ->",
    ],
    "data": [
        '{"a": [1], ', '{"a":', '{"a": 1}\n', "[1, ", "a,b,c\n", "a: b\n",
        '"a",', ("{", '"a": 1, '), "\\n", "%s ", "$a",
    ],
    "doctests": [">>> a\n", ">>> ", "... a\n", (">>> a\n", "b\n"), "a::\n\n ", ".. a::\n", ("a::\n\n", "  b\n")],
    "docstrings": [":a:`", ":a:`b` ", "`a`_", "[1]_ ", ":param a: ", "Args:\n", "a (b): c\n", "@param a "],
    "formulas": ["$", "$$", "$a$ ", "$$a", "\\(", "\\begin{a}", ("$", "a "), ("$$", "a\n"), "^{", "&"],
    "words": [
        "the ", "The ", "not ", "word word word. ", "utilize ",
        "in order to ", "I am. ", "tihs cmoputer ", "Click here\n",
    ],
    "tokens": ["<end>", "<|end|>", "[/INST]", "<|", "EDITED: ", "a, which b, "],
}  # fmt: skip
SHAPES = [shape if isinstance(shape, tuple) else ("", shape) for group in HOSTILE.values() for shape in group]
Reader = Callable[[str], Any]


def filtering(kind: str) -> Reader:
    judge = Filter.model_validate({"kind": kind}).open()
    return lambda text: judge(pa.array([text]))


def scoring(kind: str) -> Reader:
    learned: dict[str, Any] = {"target": {"kind": "jsonl", "path": "x"}, "buckets": 50}
    needs = {"ngram_importance": learned, "classifier": learned}
    wave = np.sin(np.arange(50.0))
    fitted: dict[str, Any] = {
        "ngram_importance": {"log_ratios": wave[None]},
        "classifier": {"weights": wave, "intercept": 0.0},
    }
    score = Scorer.model_validate({"kind": kind, **needs.get(kind, {})}).open(fitted.get(kind, {}))
    return lambda text: score(pa.table({"text": [text]}))


def encoding(kind: str) -> Reader:
    train = {"bpe": bpe.train_tokenizer, "sentencepiece": sentencepiece.train_tokenizer}.get(kind)
    learned = ["The cat sat on the mat, aaa 111 ...", json.dumps(HOSTILE)]
    coder = Codec.model_validate(kind).open({TOKENIZER_FILE: train(learned, 400)} if train else {})
    return lambda text: coder.encode([text])


# They need the folder of a model, which reads what bpe below encodes.
OF_A_FOLDER = {"proxy_loss", "loss_gap", "datamodel", "distilled", "embedding_similarity"}

# Each with the characters of the shorter text: as many as let a quadratic be seen and the law end in a minute.
READERS: dict[str, tuple[int, Callable[[], Reader]]] = {
    **{f"filter {kind}": (50_000, functools.partial(filtering, kind)) for kind in kinds(Filter.family)},
    **{
        f"scorer {kind}": (50_000, functools.partial(scoring, kind))
        for kind in kinds(Scorer.family)
        if kind not in OF_A_FOLDER
    },
    **{
        f"rule {rule.__name__}": (40_000, lambda rule=rule: rule)
        for rule in (
            docstrings.without_docstring_markup,
            hidden.without_doctests,
            lines.without_page_lines,
            markup.without_markup,
            noise.with_plain_marks,
            noise.with_plain_spaces,
            noise.without_addresses,
            noise.without_scrambled_words,
            sentences.without_asides,
        )
    },
    "rule blocks": (40_000, lambda: lambda text: hidden.Hidden().blocks(text)),
    "rule spans": (40_000, lambda: lambda text: hidden.Hidden().spans(text)),
    "rule sentence_cutter": (40_000, lambda: sentences.sentence_cutter(20)),
    "rule plain_words": (40_000, lambda: words.plain_words(vocabulary.table(3000))),
    "engine lexical": (32_000, lambda: simplifier(3000, 20, "keep")),
    "engine lexical without doctests": (32_000, lambda: simplifier(3000, 20, "drop")),
    "chunks": (64_000, lambda: lambda text: chunks(text, 200)),
    "folding": (50_000, lambda: lambda text: folded(pa.array([text]))),
    "n-grams": (50_000, lambda: lambda text: ngrams(pa.array([text]), 13)),
    "check support": (32_000, lambda: lambda text: support(text, text)),
    "check negations": (32_000, lambda: lambda text: turned_negations(text, text[::2])),
    "check numbers": (32_000, lambda: lambda text: invented_numbers(text, text[::2])),
    **{
        f"codec {kind}": (32_000, functools.partial(encoding, kind))
        for kind in ("bytes", "gzip", "bpe", "sentencepiece")
    },
    "training bpe": (32_000, lambda: lambda text: bpe.train_tokenizer([text], 300)),
    "training sentencepiece": (1_000, lambda: lambda text: sentencepiece.train_tokenizer([text, "cat sat mat"], 300)),
    "training order_k": (50_000, lambda: lambda text: order_k.count([text.encode()], 3)),
}


def cpu_seconds(read: Reader, text: str) -> float:
    begin = time.process_time()
    read(text)
    return time.process_time() - begin


def seconds_if_too_many(read: Reader, head: str, unit: str, characters: int) -> float:
    """The seconds for the longer text where they have grown too much in every one of the tries, else 0."""
    once, twice = (head + unit * (size // len(unit)) for size in (characters, 2 * characters))
    least_once = least_twice = math.inf
    for _ in range(TRIES):
        least_twice = min(least_twice, cpu_seconds(read, twice))
        if least_twice < FLOOR_SECONDS:
            return 0.0
        least_once = min(least_once, cpu_seconds(read, once))
        if least_twice <= MOST_GROWTH * least_once:
            return 0.0
    return least_twice


def test_there_are_some_two_hundred_shapes() -> None:
    assert len(SHAPES) == len(set(SHAPES)) > 200


@pytest.mark.parametrize("name", READERS)
def test_time_is_in_proportion_to_the_text(name: str) -> None:
    characters, opened = READERS[name]
    read = opened()
    read("A first text, so that all is compiled. " * 20)
    slow = {shape: seconds_if_too_many(read, *shape, characters) for shape in SHAPES}
    assert not {shape: seconds for shape, seconds in slow.items() if seconds}
