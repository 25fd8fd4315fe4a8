"""Signs that say how text looks, taken off the text: HTML, XML, Markdown, wiki."""

import re
from html import unescape

TAGS = (
    "a|abbr|address|article|aside|audio|b|base|big|blockquote|body|br|button|canvas|caption|center|cite|code|col|colgroup|dd|del|details|div"
    "|dl|dt|em|embed|end|fieldset|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li"
    "|link|main|mark|meta|nav|noscript|object|ol|option|p|param|pre|q|ref|s|samp|section|select|small|source|span|strike|strong|sub|summary"
    "|sup|svg|table|tbody|td|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
UNSEEN = re.compile(r"<(script|style)\b[^<>]*>|(<!--)|<!DOCTYPE[^<>]*>|<\?xml[^<>]*>", re.IGNORECASE)
UNSEEN_END = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "<!--": re.compile("-->"),
}
BLOCK_TAG = re.compile(
    r"(?:(?<![ \t])[ \t]++)?</?(?:br|p|div|li|tr|h[1-6]|ul|ol|table|section|article)(?:\s[^<>]*)?/?>[ \t]*",
    re.IGNORECASE,
)
TAG = re.compile(
    rf"</?(?:{TAGS})(?:\s[^<>]*)?/?>|</?\w+:\w[^<>:]*>|</?[A-Za-z][\w:-]*(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))+\s*/?>",
    re.IGNORECASE,
)
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")

# What stands before the next "]" is passed over at once where no target follows that: nothing in it begins an image.
IMAGE = re.compile(r"!\[([^\]\n]*+)(?:\]\([^()\s]*+(?:\s\"[^\"\n]*\")?\)|())")
LINK = re.compile(r"\[([^\[\]\n]+)\](?:\([^()\s]*(?:\([^()\s]*\))?(?:\s\"[^\"\n]*\")?\)|\[[^\[\]\n]*\])")
LINK_TARGET = re.compile(r"^ {0,3}\[[^\]\n]+\]:\s*\S+[^\n]*\n?", re.MULTILINE)
WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]")
WIKI_NOTE = re.compile(
    r"\[(?:edit|citation needed|clarification needed|who\?|when\?|note \d+)\]|\[(?<=[.,;:!?\")]\[)\d{1,3}\](?!\w)"
)
BOLD = re.compile(r"\*\*(?<![\w*]\*\*)(?=[^\s*])([^\n*]+)(?<=\S)\*\*(?![\w*])")
ITALIC = re.compile(r"\*(?<![\w*]\*)(?=[^\s*])([^\n*]+)(?<=\S)\*(?![\w*])")
BOLD_UNDERSCORES = re.compile(r"__(?<![\w`]__)(?=\w)([^\n_]+[ ][^\n_]+)(?<=\S)__(?!\w)")
ITALIC_UNDERSCORES = re.compile(r"_(?<![\w`]_)(?=[A-Za-z\"'])([A-Za-z ,.!?';:-]+)(?<=\S)_(?![\w(])")
HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(\S[^\n]*?)(?:[ \t]+#+)?[ \t]*$|^[ \t]*(={2,6})[ \t]*([^=\n]+?)[ \t]*\2[ \t]*$", re.MULTILINE
)
QUOTE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+(?=[^>\s])", re.MULTILINE)
TABLE_ROW = re.compile(r"^[ \t]*+\|([^|\n]*+\|.*)\|[ \t]*$|^([^|\n]+(?: \| [^|\n]+){2,})$", re.MULTILINE)


def without_markup(text: str) -> str:
    """The text less tags, entities, emphasis, link targets and heading signs; a table row is a list of cells."""
    if "<" in text or "&" in text:
        text = _without_tags(text)
    if "[" in text:
        text = _without_links(text)
    if "*" in text:
        text = ITALIC.sub(r"\1", BOLD.sub(r"\1", text))
    if "_" in text:
        text = ITALIC_UNDERSCORES.sub(r"\1", BOLD_UNDERSCORES.sub(r"\1", text))
    if "#" in text or "==" in text:
        text = HEADING.sub(lambda match: match[1] or match[3], text)
    if ">" in text:
        text = QUOTE_MARK.sub("", text)
    return TABLE_ROW.sub(_cells, text) if "|" in text else text


def _without_tags(text: str) -> str:
    if "<" in text:
        text = TAG.sub("", BLOCK_TAG.sub("\n", _without_unseen(text)))
    return ENTITY.sub(lambda match: unescape(match[0]).replace("\xa0", " "), text) if "&" in text else text


def _without_unseen(text: str) -> str:
    """The text less scripts, styles, comments and declarations; one that nothing ends stays."""
    kept: list[str] = []
    done = 0
    endless: set[str] = set()
    for match in UNSEEN.finditer(text):
        end: re.Match[str] | None = match
        kind = (match[1] or match[2] or "").casefold()
        if match.start() < done or kind in endless:
            continue
        if kind:
            end = UNSEEN_END[kind].search(text, match.end())
        if end is None:
            endless.add(kind)
            continue
        kept.append(text[done : match.start()])
        done = end.end()
    return "".join([*kept, text[done:]])


def _without_links(text: str) -> str:
    text = LINK_TARGET.sub("", text) if "]:" in text else text
    text = WIKI_LINK.sub(r"\1", text) if "[[" in text else text
    text = (
        LINK.sub(r"\1", IMAGE.sub(lambda match: match[1] if match[2] is None else match[0], text))
        if "](" in text or "][" in text
        else text
    )
    return WIKI_NOTE.sub("", text)


def _cells(match: re.Match[str]) -> str:
    cells = (cell.strip() for cell in (match[1] or match[2]).split("|"))
    return ", ".join(cell for cell in cells if cell.strip(" -:=+"))
