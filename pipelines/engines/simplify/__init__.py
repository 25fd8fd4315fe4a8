"""Plain text by rule: what can be made simpler without a model, each part a pure function over strings.

`hidden` puts code and formulas out of reach; `docstrings`, `markup`, `noise` and `lines` take away what is no prose;
`sentences` cuts long sentences; `words` puts common words in the place of rare ones, from the table that `vocabulary`
makes of `lexicon.tsv` by `inflection`; `simplifier` runs them until nothing changes any more.
"""
