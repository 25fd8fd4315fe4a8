"""Text of others without hidden orders."""

import unicodedata

from cluster.visible import visible

DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_every_control_and_direction_mark_is_written_out_and_all_else_stays() -> None:
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x110000)]):
        hidden = (unicodedata.category(character) == "Cc" and character not in "\n\t") or (
            unicodedata.bidirectional(character) in DIRECTIONS or character in "\u061c\u200e\u200f"
        )
        assert (visible(character) != character) == hidden, repr(character)


def test_what_is_written_out_is_read_as_an_escape() -> None:
    assert visible("a\x1b[31m\rb\x85\u2066c\n\td") == r"a\x1b[31m\rb\x85\u2066c" + "\n\td"
