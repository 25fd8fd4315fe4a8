"""Words whose full stop ends no sentence."""

TITLES = ("mr", "mrs", "ms", "dr", "prof", "rev", "gen", "sen", "st", "jr", "sr")
REFERENCES = ("vs", "fig", "eq", "vol", "no")
ABBREVIATIONS = TITLES + REFERENCES
