"""What sees one unit of work at a time: units, the pass over them by Ray Data, and the work of a step."""
