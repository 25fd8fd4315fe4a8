"""Check `remarks`: how a model speaks to who asked, before or behind the text that it was asked for."""

import re

_TEXT = r"(?:text|version|passage|rewrite|rewriting|paragraph|story|article|document|conversation|code|program)"
_MADE = r"(?:rewritten|re-written|simplified|simpler|edited|easier|revised|plainer|child-friendly)"
_CONSENT = r"(?:sure(?:\ thing)?|certainly|of\ course|absolutely|okay|ok|alright|got\ it|no\ problem)"
_HERE = r"(?:(?:here|below)(?:['’]s|\ is|\ are))"
_I_WILL = r"(?:i(?:['’]ll|['’]d|\ can|\ will|\ would)\ (?:be\ )?(?:happy|glad|help|rewrite|simplify))"
_BEFORE = re.compile(
    rf"""[\s*_#>`-]*+(?:
      {_CONSENT}[!.:]\s*?\n\s*\n
    | {_CONSENT}\b[^\n]{{0,60}}?[,;!.:—-]\s*{_HERE}\b
    | {_CONSENT}[,;!.:—-]\s*{_I_WILL}\b
    | {_HERE}\ [^.!?\n]{{0,40}}?
      (?:\b{_MADE}\b[^.!?\n]{{0,30}}?\b{_TEXT}|{_TEXT}[^.!?\n]{{0,30}}?\b{_MADE}|\b{_TEXT}\b[^.!?\n]{{0,60}}:[ ]*\n)
    | (?:the\ |an?\ |my\ )?{_MADE}\ {_TEXT}\b[^.!?\n]{{0,40}}:
    | i(?:['’]ve|\ have)\ (?:rewritten|simplified|edited|revised)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BEHIND = re.compile(
    r"[\s*_#>(`-]*+(?:i hope (?:this|that|it)\b|(?:please )?let me know\b|feel free to\b|is there anything else\b"
    r"|would you like me to\b|i(?:['’]ve| have) (?:rewritten|simplified|edited|revised|kept|tried)\b)",
    re.IGNORECASE,
)


def has_remark(original: str, rewrite: str) -> bool:
    """Whether the rewrite begins or ends with a remark such as "Sure! Here is ...", and the original does not."""
    opens = _BEFORE.match(rewrite) and not _BEFORE.match(original)
    closes = _BEHIND.match(_last_line(rewrite)) and not _BEHIND.match(_last_line(original))
    return bool(opens or closes)


def _last_line(text: str) -> str:
    """The last line of a text of several lines; nothing of one that has no other."""
    _, several, last = text.rstrip().rpartition("\n")
    return last if several else ""
