from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.simplify.hidden import LAST, Hidden, code_lines, without_doctests

LINES = st.sampled_from(
    [
        "```",
        "```python",
        "x = 1",
        "    return x",
        "Some plain words here.",
        "",
        "`a` and $b$",
        ">>> f()",
        "5",
        "Like so::",
    ]
)


@given(st.lists(LINES).map("\n".join))
def test_what_is_hidden_comes_back(text: str) -> None:
    hidden = Hidden()

    assert hidden.reveal(hidden.spans(hidden.blocks(text))) == text


@given(st.text())
def test_any_text_comes_back_but_for_private_characters(text: str) -> None:
    hidden = Hidden()

    revealed = hidden.reveal(hidden.blocks(text + chr(LAST)))

    assert revealed == "".join(letter for letter in text if ord(letter) < 0xF0000 or ord(letter) > LAST)


def test_blocks_and_spans_leave_only_prose() -> None:
    hidden = Hidden()
    text = "First.\n```js\nlet a;\n```\nThen `utilize` costs $x^2$, not $5 or $10.\n\n    y = f(x)\n    z"

    prose = hidden.spans(hidden.blocks(text))

    assert "let" not in prose
    assert "utilize" not in prose
    assert "x^2" not in prose
    assert "f(x)" not in prose
    assert "not $5 or $10." in prose


def test_code_is_told_by_its_form_or_by_its_neighbours() -> None:
    text = "# set up\nx = 1\nfor k in range(3):\n    pass\n\nHere we stop for a moment.\nif (a) {\n  b\n}\nimport os"

    assert [line for line, code in zip(text.split("\n"), code_lines(text.split("\n")), strict=True) if not code] == [
        "",
        "Here we stop for a moment.",
    ]


def test_prose_that_looks_a_little_like_code_is_prose() -> None:
    lines = [
        "For example:",
        "Import duties rose.",
        "    An indented line of plain words (with brackets).",
        "if you want this, do that",
        "He came; she left.",
    ]

    assert code_lines(lines) == [False] * len(lines)


def test_doctests_go_with_their_output() -> None:
    assert without_doctests("Adds.\n\n>>> add(1, 2)\n3\n\nThe end.") == "Adds.\n\n\n\nThe end."
