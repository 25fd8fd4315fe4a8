"""Lines that belong to a page and not to its text: adverts, navigation, notices, rulers, repeats."""

import re
from functools import cache

LONGEST_NOTICE = 160  # characters; a phrase in a longer line does not make the line a notice
LONGEST_LINK_WORDS = 5  # words a step of a "Home > News > Today" line may have
SHORTEST_REPEAT = 20  # characters; shorter lines repeat in songs and dialogue

NOTICE_WORDS = (
    "© (c) ad ads advert advertisement back browser cart categories checkout click comment comments cookie "
    "cookies copyright coupon download facebook filed follow instagram javascript linkedin load loading logged "
    "login menu more navigate newsletter next permalink pinterest posted powered previous print privacy promo "
    "reading register replies reply reserved rights rss search share shipping sign sitemap skip sponsored "
    "subscribe tagged tags tap terms toggle trackback tweet twitter unsubscribe whatsapp wishlist "
)
# What notices begin with; a line that has no word of the set above is not tried.
NOTICES = (
    r"(?:click|tap) (?:here|on|the|below|to)\b",
    r"(?:please )?(?:subscribe|unsubscribe|sign up|register)\b(?:$|\W+(?:to|for|now|today|here|by|with|and|via)\b)",
    r"(?:please )?(?:log|sign) ?in\b(?:$|\W+(?:to|or|with|now|here)\b)|(?:you must be|not) logged in\b",
    r"(?:(?:get|join|receive) (?:our|the) .*)?newsletter\b.{0,40}$",
    r".*\ball rights reserved\b|(?:copyright|©|\(c\))\W*(?:\(c\)|©)?\W*(?:19|20)\d\d\b",
    r".*\b(?:we|site|website|page) uses? cookies\b",
    r".*\b(?:accept|cookie) (?:all )?(?:cookies|policy|settings|preferences|notice)\b",
    r"(?:privacy|terms)\b\W*(?:policy|and|of|&|\|)?\W*(?:conditions|use|service|terms|policy|privacy|cookie).{0,60}$",
    r"(?:advertise(?:ment)?s?|sponsored(?: (?:content|post|links?))?|promoted|loading)\W*(?:continue reading.*)?$",
    r"(?:share|tweet|pin|post) (?:this|on|it|via|to|with)\b.{0,60}$",
    r"(?:share|tweet|print|email|reply|permalink|trackback|menu|search|sitemap|rss)\W*$",
    r"(?:follow|like|find|join) us (?:on|at)\b|skip to\b.{0,30}$|(?:back to|return to) (?:top|home)\b.{0,20}$",
    r"(?:toggle|main) (?:navigation|menu)\W*$|navigate to the\b.*",
    r"(?:read|learn|see|show|view|load) (?:more|all)\b.{0,25}$|continue reading\b",
    r"(?:previous|next|older|newer) (?:post|article|page|story|entry|chapter|topic)s?\b.{0,60}$",
    r"(?:\d+|no|leave a|post a|add a|view) (?:comments?|repl(?:y|ies))\b.{0,30}$",
    r"(?:posted|filed|tagged|published) (?:by|on|in|under|at|with)\b.{0,80}$",
    r"(?:tags|categories|filed under|related (?:posts|articles|stories))\s?:.*$|powered by\b.{0,40}$",
    r"(?:add to|view|your) (?:cart|bag|wishlist|basket)\W*$|(?:free shipping|buy now|shop now|order now)\b.{0,60}$",
    r"(?:please )?enable javascript\b|.*\bjavascript (?:is (?:disabled|required)|enabled)",
    r"your (?:email address|browser) (?:will not|does not|is (?:not|out))\b",
    r"(?:download|get) (?:the|our) (?:free )?app\b",
)
NOTICE = re.compile(rf"\W*(?:{'|'.join(NOTICES)})", re.IGNORECASE)
PLEAS = ("Click ", "Subscribe ", "Sign up ", "Follow ", "Tap here")
PLEA = re.compile(
    r"(?:(?<=^)|(?<=[.!?]\s))(?:Click (?:here|below|on the)|Subscribe to (?:our|my|the)|Sign up (?:for|to)"
    r"|Follow (?:us|me) on|Tap here)\b[^.!?\n]{0,120}[.!?]+(?:\s|$)",
    re.MULTILINE,
)
WORD_OR_STAND_IN = re.compile(r"\w|[\U000F0000-\U0010FFFD]")
TRAIL_SIGNS = (" > ", " » ", " › ", " | ")
TRAIL = re.compile(r"\s+[>»›|]\s+")


def without_page_lines(text: str) -> str:
    """The text less lines that are notices, navigation, rulers or repeats of the line before; blank lines stay.

    A line is a notice by its beginning, if it is short. A plea ("Click here ...") goes from longer lines too.
    """
    lines = text.split("\n")
    kept: list[str] = []
    last = ""
    for line in lines:
        bare = line.strip()
        if bare and (is_page_line(bare) or (bare == last and len(bare) >= SHORTEST_REPEAT)):
            continue
        kept.append(line)
        last = bare or last
    text = "\n".join(kept)
    return PLEA.sub("", text) if any(plea in text for plea in PLEAS) else text


def is_page_line(line: str) -> bool:
    """Whether a line, stripped, is no part of the text: it has no letter or digit, is a notice or a trail of links."""
    if not WORD_OR_STAND_IN.search(line):
        return True
    if len(line) > LONGEST_NOTICE:
        return False
    words = line.lower().replace(":", " ").replace(",", " ").replace(".", " ").split()
    return (not _notice_words().isdisjoint(words) and NOTICE.match(line) is not None) or _is_trail(line)


@cache
def _notice_words() -> frozenset[str]:
    return frozenset(NOTICE_WORDS.split())


def _is_trail(line: str) -> bool:
    """Whether the line is two or more steps of a menu with signs between: "Home > News > Today"."""
    if not any(sign in line for sign in TRAIL_SIGNS):
        return False
    steps = TRAIL.split(line)
    return len(steps) > 2 and all(step[:1].isupper() and len(step.split()) <= LONGEST_LINK_WORDS for step in steps[:-1])
