"""How a rewritten text travels in an engine's reply: between `EDITED:` and `<end>`."""

import re

BEGIN = "EDITED:"
END = "<end>"

_THOUGHT = re.compile(r"\A.*?</think>", re.DOTALL)
_BEGIN = re.compile(r"(?:\bEDITED|^[ \t*#_>`-]*(?i:edited(?: text| version)?))[ \t*_]*:[*_`]*", re.MULTILINE)
_END = re.compile(r"<\s*+/?\s*+end\s*+>", re.IGNORECASE)


def marked(text: str) -> str:
    """The text between the marks: the reply of a model that keeps to the form."""
    return f"{BEGIN}\n{text}\n{END}"


def unmarked(reply: str) -> str:
    """The text between the marks, stripped; where a mark is missing, from the reply's beginning, or to its end.

    Thoughts before `</think>`, other case and Markdown around the marks are borne with.
    """
    answer = _THOUGHT.sub("", reply, count=1)
    begin = _BEGIN.search(answer)
    body = answer[begin.end() :] if begin else answer
    end = _END.search(body)
    return (body[: end.start()] if end else body).strip()


def is_closed(reply: str) -> bool:
    """Whether the end mark is there, so that nothing behind it could have been lost."""
    return _END.search(reply) is not None
