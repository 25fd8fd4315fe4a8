"""The comparison report: from `report.json` to one page that says whether the data recipe was worth it.

`schema` is the file's shape. `make` fills it from finished runs: `arms` reads their manifests, `examples` some of their
documents, and `writing` lets each model write. `verdict` says in words what the numbers allow to be said, `tables` puts
the arms side by side, `differences` their recipes and `compression` their codecs, `funnel` and `lineage` arrange the
steps, `changes` marks what rewriting changed, `axes`, `lines`, `scatter` and `plots` compute where things lie in the
charts, `figures` writes numbers for people, and `page` puts all of it into one self-contained HTML file, by `templates`
that escape whatever they are given.
"""
