"""Visible: text of others as a terminal may show it, its invisible orders written out."""

import re

# C0 and C1 but newline and tab, and what turns the direction of the text around it (Unicode standard annex 9).
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""The text with every control and direction mark as its escape, as in `\x1b` and `\u202e`."""
    return ORDERS.sub(_escape, text)


def _escape(mark: re.Match[str]) -> str:
    return mark[0].encode("unicode_escape").decode("ascii")
