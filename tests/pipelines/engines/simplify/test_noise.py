import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engines.simplify.lines import is_page_line, without_page_lines
from pipelines.engines.simplify.noise import (
    is_scrambled,
    with_plain_marks,
    with_plain_spaces,
    without_addresses,
    without_scrambled_words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Look (https://a.org/b?c=1) here.", "Look  here."),
        ("Write to me@example.org.", "Write to ."),
        ("Find it at http://a.b/c, then stop.", "Find it , then stop."),
        ("Before.\nSource: https://a.org/x\nAfter.", "Before.\nAfter."),
        ("Use @decorator and a//b.", "Use @decorator and a//b."),
    ],
)
def test_addresses_go(text: str, expected: str) -> None:
    assert without_addresses(text) == expected


@given(st.binary(min_size=24, max_size=60))
def test_hexadecimal_digests_are_scrambled(data: bytes) -> None:
    assert is_scrambled(hashlib.sha256(data).hexdigest())


def test_most_base64_is_scrambled() -> None:
    blobs = [base64.b64encode(hashlib.sha512(bytes([number])).digest()).decode() for number in range(200)]

    assert sum(map(is_scrambled, blobs)) >= 198


@pytest.mark.parametrize(
    "word",
    [
        "internationalization",
        "12345678901234567890",
        "torch.nn.Conv2d.forward",
        "HTTPServerConnectionPool2",
        "well-known-and-often-used",
        "PYTORCH_CUDA_ALLOC_CONF_2",
        "1234567890-1234567890",
    ],
)
def test_long_words_numbers_and_names_are_not_scrambled(word: str) -> None:
    assert not is_scrambled(word)


def test_runs_of_marks_shrink() -> None:
    assert without_scrambled_words("No!!! Why?? Well......... ======= yes") == "No! Why? Well...  yes"


def test_marks_become_plain() -> None:
    assert with_plain_marks("“It’s”\r\nhere\u00a0– now…\u200b\x07") == '"It\'s"\nhere - now...'


@given(st.text(alphabet=" \t\nab.,()[]"))
def test_plain_spaces_keep_every_word(text: str) -> None:
    plain = with_plain_spaces(text)

    assert plain.split() == plain.replace("  ", " ").split()
    assert "".join(c for c in plain if c in "ab") == "".join(c for c in text if c in "ab")
    assert all("  " not in line.lstrip() for line in plain.split("\n")), "only indentation is more than one space"
    assert "\n\n\n" not in plain


@pytest.mark.parametrize(
    "line",
    [
        "Click here to read the terms",
        "Subscribe to our newsletter!",
        "Copyright © 2020 Some Firm. All rights reserved.",
        "We use cookies to improve your visit. Accept all cookies",
        "Home > News > Today",
        "=======",
        "| --- | --- |",
        "Read more",
        "Share this:",
        "Leave a comment",
    ],
)
def test_lines_of_the_page_go(line: str) -> None:
    assert is_page_line(line)
    assert without_page_lines(f"Text.\n{line}\nMore text.") == "Text.\nMore text."


@pytest.mark.parametrize(
    "line",
    [
        "The cookies were eaten by the dog.",
        "He wanted to subscribe, but the paper had gone.",
        "More and more people came.",
        "Next to the house stood a tree.",
        "She read the terms and signed in ink.",
        "Search for the truth was all he did.",
        "5 > 3 and 3 > 1",
        "Print the value of x.",
        "Return the sign of x.",
    ],
)
def test_lines_of_the_text_stay(line: str) -> None:
    assert not is_page_line(line)


def test_a_line_twice_in_a_row_is_one() -> None:
    assert without_page_lines("The same long line of text.\n\nThe same long line of text.") == (
        "The same long line of text.\n"
    )
    assert without_page_lines("La la la\nLa la la") == "La la la\nLa la la"
