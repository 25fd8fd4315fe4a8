"""Genres: the instructions for each kind of text, and how much of it goes into one request."""

import functools
from pathlib import Path

PROMPTS = Path(__file__).parent
SHARED = "shared"
USUAL_GENRE = "web"
CODE = "code"
CHUNK_TOKENS = {
    "web": 300,
    "book": 300,
    "wiki": 300,
    "textbook": 600,
    "conversation": 600,
    "instruction": 600,
    CODE: None,
}


@functools.cache
def instructions(genre: str) -> str:
    """The genre's prompt followed by the rules that all genres share."""
    return "\n\n".join((PROMPTS / f"{name}.txt").read_text("utf-8").strip() for name in (genre, SHARED))
