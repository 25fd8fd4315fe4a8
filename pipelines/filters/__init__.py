"""Filters: each judges a text by itself and says in one word why it goes.

One kind a file. A limit is a parameter, None turns its rule off, and a text is dropped when it is over (or under) the
limit, never when it is on it. Where several rules are broken the first one gives the reason. What they count is counted
in `pipelines.texts`.
"""
