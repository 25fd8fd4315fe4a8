"""Code and formulas behind single characters, so that no rule for prose can reach into them.

Each hidden piece is one character of Unicode's private planes, which stand for nothing elsewhere; a text that has such
characters loses them.
"""

import re

FIRST, LAST = 0xF0000, 0x10FFFD
STAND_INS = f"[{chr(FIRST)}-{chr(LAST)}]"
STAND_IN = re.compile(STAND_INS)

FENCE_OPENS = re.compile(r"[ \t]*+(`{3,}+|~{3,}+)[^`]*\Z")
FENCE_CLOSES = re.compile(r"[ \t]*+(?:(`{3,}+)~*|(~{3,}+))[ \t]*\Z")
DOCTEST = re.compile(r"^[ \t]*>>>(?: [^\n]*)?(?:\n[ \t]*\S[^\n]*)*", re.MULTILINE)
LITERAL = re.compile(r"(?<=::\n\n)(?:[ \t]+\S[^\n]*\n*)+(?<!\n)")
SPAN = re.compile(
    r"(?<!`)(`{1,2})(?![`\s])([^`\n]+)(?<!\s)\1(?!`)|\$\$[^$]+\$\$|\$(?![\s$])[^$\n]{0,300}(?<!\s)\$(?!\d)"
)

# A line is code by any of these, whatever stands around it; each is anchored, so that prose fails at once.
DECLARED = (
    r"(?:let|var|const|int|float|double|char|bool|auto|final|static|public|private|protected|my|val|local|set"
    r"|string|String)"
)
CODE_LINE = re.compile(
    rf"""[ \t]*+(?:
      {STAND_INS}$ | \$[ ]\w | \#(?:include|define|ifn?def|endif|!|pragma)\b | // | /\*(?!\*\w) | \*/ | <\?php
    | (?:import|package|using)\ [\w.*{{}}, ]+;?$ | from\ [\w.]+\ import\b
    | (?:async\ )?def\ \w+\s?\( | (?:class|interface|struct)\ \w.*[:{{]$ | (?:function|func|fn|sub|fun)\b.*[({{]
    | @\w[\w.]*(?:\(.*\))?$ | [\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)[;:]?$
    | (?:if|elif|while)\b[^()=<>.\[\]]*+[()=<>.\[\]].*:$
    | for\ (?>.+?\ in\ ).+:$ | with\ (?>.+?\ as\ ).+:$ | except\b.*:$ | case\b.*:$
    | (?:else|try|do|finally|default)\s?[:{{]$ | (?:return|yield|print|echo|throw|raise)\b[^.]*[;)\]\}}]$
    | (?:{DECLARED}\ )*[\w.$@]+(?:\[[^\]]*\])*\s?(?:[-+*/%|&^:]|<<|>>|\?\?)?=(?![=>])\s?\S
    | [{{}}\[\]()]+[;,]?$ | \}}.*[{{;,)]?$ | .*[{{(]$ | [^=()\[\]{{}}<>]*+[=()\[\]{{}}<>].*;$ | \\(?:begin|end|\[|\])
    )""",
    re.VERBOSE,
)
DEEP = re.compile(r"(?: {2}|\t)[ \t]*\S")
PROSE = re.compile(r"[ \t]*+[-*]?[ \t]*+(?:[A-Za-z',]+ ){3}")
COMMENT = re.compile(r"[ \t]*(?:#|--|%|;)")
CODE_MARKS = re.compile(r"[{};=<>@#$`\\(/]")


class Hidden:
    """The pieces of one text that are out of reach, in the order in which they were hidden."""

    def __init__(self) -> None:
        """No piece is hidden yet."""
        self._pieces: list[str] = []

    def blocks(self, text: str) -> str:
        """The text with each fenced block, doctest, literal block after `::` and run of code lines as one character."""
        text = STAND_IN.sub("", text)
        if not CODE_MARKS.search(text):
            return text
        if "```" in text or "~~~" in text:
            text = self._without_fences(text)
        if ">>>" in text:
            text = DOCTEST.sub(lambda match: self._put(match[0]), text)
        if "::\n\n" in text:
            text = LITERAL.sub(lambda match: self._put(match[0]), text)
        lines = text.split("\n")
        code = code_lines(lines)
        if not any(code):
            return text
        kept: list[str] = []
        run: list[str] = []
        for line, is_code in zip([*lines, ""], [*code, False], strict=True):
            if is_code:
                run.append(line)
                continue
            if run:
                kept.append(self._put("\n".join(run)))
                run = []
            kept.append(line)
        return "\n".join(kept[:-1])

    def spans(self, text: str) -> str:
        """The text with each `code` span and each $formula$ as one character; ``double`` backquotes become single."""
        if "`" not in text and "$" not in text:
            return text
        return SPAN.sub(lambda match: self._put(f"`{match[2]}`" if match[2] else match[0]), text)

    def reveal(self, text: str) -> str:
        """The text with every hidden piece back in its place."""
        return STAND_IN.sub(lambda match: self._pieces[ord(match[0]) - FIRST], text) if self._pieces else text

    def _without_fences(self, text: str) -> str:
        """The text with each fenced block as one character; a fence that nothing closes is a line as any other."""
        lines = text.split("\n")
        kept: list[str] = []
        begin = 0
        for first, last in fenced_blocks(lines):
            kept += [*lines[begin:first], self._put("\n".join(lines[first : last + 1]))]
            begin = last + 1
        return "\n".join([*kept, *lines[begin:]])

    def _put(self, piece: str) -> str:
        if len(self._pieces) > LAST - FIRST:
            return piece
        self._pieces.append(self.reveal(piece))
        return chr(FIRST + len(self._pieces) - 1)


def fenced_blocks(lines: list[str]) -> list[tuple[int, int]]:
    """First and last line of every fenced block, in order, in time that grows as the number of lines.

    A block ends at the next fence of as many of its signs or more; one of tildes, where there is none, at the next
    fence of the most tildes that come.
    """
    closing = [_closing(line) for line in lines]
    longest_after = [(0, 0)]
    for ticks, tildes in closing[:0:-1]:
        longest_after.append((max(ticks, longest_after[-1][0]), max(tildes, longest_after[-1][1])))
    blocks: list[tuple[int, int]] = []
    for first, (line, (ticks, tildes)) in enumerate(zip(lines, reversed(longest_after), strict=True)):
        opens = FENCE_OPENS.match(line)
        if opens is None or (blocks and first <= blocks[-1][1]):
            continue
        sign = "`~".index(opens[1][0])
        wanted = min(len(opens[1]), tildes) if sign else len(opens[1])
        if 3 <= wanted <= (ticks, tildes)[sign]:
            blocks.append((first, next(at for at in range(first + 1, len(lines)) if closing[at][sign] >= wanted)))
    return blocks


def _closing(line: str) -> tuple[int, int]:
    """How many backquotes and how many tildes the line closes a block with: none of either where it closes none."""
    match = FENCE_CLOSES.match(line)
    return (len(match[1] or ""), len(match[2] or "")) if match else (0, 0)


def without_doctests(text: str) -> str:
    """The text less each `>>>` example, down to the blank line that ends it."""
    return DOCTEST.sub("", text) if ">>>" in text else text


def code_lines(lines: list[str]) -> list[bool]:
    """For each line whether it is code: by its own form, or as an indented line or comment next to a line of code.

    Blank lines may stand between the two and are no code themselves; a line of four plain words in a row, less a
    comment's, is code by its own form only.
    """
    code = [not _ends_like_prose(line) and CODE_LINE.match(line) is not None for line in lines]
    after_code = False
    for index, line in enumerate(lines):
        if after_code and not code[index] and DEEP.match(line) and not PROSE.match(line):
            code[index] = True
        after_code = code[index] or (after_code and not line.strip())
    for index in range(len(lines) - 2, -1, -1):
        if code[index + 1] and not code[index] and COMMENT.match(lines[index]):
            code[index] = True
    return code


def _ends_like_prose(line: str) -> bool:
    """Whether the line is blank, or begins with a letter and ends in a stop: then no slower rule has to look at it."""
    return not line or (line[-1] in ".,!?" and line[0].isalpha() and "=" not in line)
