"""Marks in docstrings that only documentation generators read: roles, directives, links, types of parameters."""

import re

DIRECTIVE = r"^[ \t]*\.\. "
# These say nothing about the thing described: the line goes, with the indented lines below it where `_block` says so.
DIRECTIVE_LINE = re.compile(
    rf"{DIRECTIVE}(?:version(?:added|changed)|deprecated(?:-removed)?|sectionauthor|moduleauthor|index|highlight|module|currentmodule"
    r"|contents|toctree|auto\w+|image|figure|only|include|literalinclude|plot|math|code-block|code|sourcecode|testcode|doctest"
    r"|ipython|parsed-literal|rubric|_[^\n:]+):{1,2}[^\n]*\n?(?:[ \t]*:\w+:[^\n]*\n)*",
    re.MULTILINE,
)
FOOTNOTE = re.compile(rf"{DIRECTIVE}\[[^\]\n]+\][^\n]*\n?", re.MULTILINE)
ADMONITION = re.compile(rf"{DIRECTIVE}[a-z][\w-]* ?::[ \t]*", re.MULTILINE)
TYPE_FIELD = re.compile(r"^[ \t]*:(?:r?type|meta)\b[^\n:]*:[^\n]*\n?", re.MULTILINE)
PARAMETER_FIELD = re.compile(
    r"^([ \t]*):(?:param|parameter|arg|argument|key|keyword|ivar|cvar|var|raises?|except|exception)"
    r"[ \t]+(?:[^\n:]*[ \t])?([*\w.]+)[ \t]*:",
    re.MULTILINE,
)
RETURN_FIELD = re.compile(r"^([ \t]*):(return|yield)s?[ \t]*:[ \t]*", re.MULTILINE)
NUMPY_PARAMETER = re.compile(r"^([ \t]*)(\*{0,2}[a-z]\w*(?:, ?\*{0,2}[a-z]\w*)*) : [^\n]{1,120}$", re.MULTILINE)
GOOGLE_PARAMETER = re.compile(r"^([ \t]*\*{0,2}[a-z]\w*) ?\((?:[\w.\[\], |`~:'\"-]{1,80})\):(?=\s)", re.MULTILINE)
ROLE = re.compile(r":(?:[a-z]+:)?[a-z]+:`[!~]?([^`<\n]*?)(?:\s*<[^`>\n]*>)?`")
TITLED_LINK = re.compile(r"`([^`<\n]+?)\s*<[^`>\n]+>`__?")
REFERENCE = re.compile(r"`([^`\n]+)`__?(?![\w`])|(?<=[\w])_(?=[\s.,;)]|$)(?<![A-Z]_)")
CITATION = re.compile(r" ?\[[\w#*-]{1,20}\]_(?!\w)")
LAST_NAME = re.compile(r"(?:[\w.]*\.)?(\w+)(\(\))?")
PLAIN_WORD = re.compile(r"[a-z]+")


def without_docstring_markup(text: str) -> str:
    """The text less reStructuredText's roles, directives and links and the types of documented parameters.

    A role keeps the last name of its target, between backquotes only where it would read as a plain word:
    ``:class:`~a.Foo``` is Foo, ``:func:`open``` is `open`.
    """
    if text.startswith(".. ") or "\n.. " in text or " .. " in text:
        text = ADMONITION.sub("", FOOTNOTE.sub("", DIRECTIVE_LINE.sub("", text)))
    if ":`" in text:
        text = ROLE.sub(_role, text)
    if "`_" in text:
        text = REFERENCE.sub(lambda match: match[1] or "", TITLED_LINK.sub(r"\1", text))
    if "]_" in text:
        text = CITATION.sub("", text)
    return _without_parameter_types(text)


def _without_parameter_types(text: str) -> str:
    if " : " in text:
        text = NUMPY_PARAMETER.sub(r"\1\2:", text)
    if "):" in text:
        text = GOOGLE_PARAMETER.sub(r"\1:", text)
    if ":param" in text or ":r" in text or ":type" in text or ":y" in text:
        text = TYPE_FIELD.sub("", text)
        text = PARAMETER_FIELD.sub(r"\1\2:", text)
        text = RETURN_FIELD.sub(lambda match: f"{match[1]}{match[2].capitalize()}s: ", text)
    return text


def _role(match: re.Match[str]) -> str:
    target = match[1].strip()
    name = LAST_NAME.fullmatch(target)
    if name is None:
        return target
    return f"`{name[1]}`" if PLAIN_WORD.fullmatch(name[1]) and not name[2] else name[1] + (name[2] or "")
