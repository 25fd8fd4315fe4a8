"""Check `ending`: whether a rewrite breaks off where its original comes to an end."""

import re

ENDLESS = ",([{<&@#$%+-/=\\"  # as letters and digits, these end nothing; a stop does, or a quote, bracket or fence
ITEM = re.compile(r"\s*(?:[-*•+>#%;|]|//|--|\d+[.)]|\(?[a-z][.)])")
FENCE = "```"


def breaks_off(original: str, rewrite: str) -> bool:
    """Whether the rewrite leaves a fence of code open, or its last line without an end, and the original does neither.

    Items of lists and comments often have no end, so one has to break off only where all items before it have one.
    """
    if rewrite.count(FENCE) % 2 > original.count(FENCE) % 2:
        return True
    return _is_ended(original) and not _is_ended(rewrite) and not _ends_as_an_item(rewrite)


def _is_ended(text: str) -> bool:
    last = text.rstrip().rstrip("_")[-1:]
    return not (last.isalnum() or last in ENDLESS)


def _ends_as_an_item(text: str) -> bool:
    """Whether the last line is an item, and an item before it has no end either."""
    *lines, last = text.rstrip().split("\n")
    return bool(ITEM.match(last)) and any(ITEM.match(line) and not _is_ended(line) for line in lines)
