"""The comparison report: from `report.json` to one page that says whether the data recipe was worth it.

`schema` is the file's shape, `verdict` says in words what its numbers allow to be said, `tables` puts the arms side
by side and `compression` their codecs, `funnel` and `lineage` arrange the steps, `changes` marks what rewriting
changed, `axes`, `lines`, `scatter` and `plots` compute where things lie in the charts, `figures` writes numbers for
people, and `page` puts all of it into one self-contained HTML file.
"""
