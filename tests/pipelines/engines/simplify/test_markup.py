import pytest

from pipelines.engines.simplify.docstrings import without_docstring_markup
from pipelines.engines.simplify.markup import without_markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>Some <b>bold</b> &amp; plain</p>", "\nSome bold & plain\n"),
        ("<script>var x;</script>Text<!-- note -->", "Text"),
        ("**Bold**, *it*, __two words__, _very_", "Bold, it, two words, very"),
        ("## Title ##\nText", "Title\nText"),
        ("[text](http://a.b) and ![a cat](c.png)", "text and a cat"),
        ("It is so.[12] Really[citation needed]", "It is so. Really"),
        ("[[Some page|this]]", "this"),
        ("| a | b |", "a, b"),
        ("> quoted", "quoted"),
    ],
)
def test_markup_goes(text: str, expected: str) -> None:
    assert without_markup(text) == expected


@pytest.mark.parametrize(
    "text",
    ["a < b and c > d", "List<String>", "2*3*4", "**kwargs and *args", "__init__", "some_long_name", "x[1]", "AT&T"],
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert without_markup(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":class:`Foo` and :py:meth:`~a.b.Foo.run`", "Foo and `run`"),
        (":func:`open` opens", "`open` opens"),
        ("Text.\n.. versionadded:: 1.2\nMore.", "Text.\nMore."),
        (".. note:: Beware.", "Beware."),
        ("`the page <http://a.b>`_", "the page"),
        ("As shown [1]_ here", "As shown here"),
        (":param int x: the number\n:rtype: str\n:returns: a text", "x: the number\nReturns: a text"),
        ("x : int, optional\n    The number.", "x:\n    The number."),
        ("    size (int): the size", "    size: the size"),
    ],
)
def test_docstring_markup_goes(text: str, expected: str) -> None:
    assert without_docstring_markup(text) == expected
