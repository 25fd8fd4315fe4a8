"""Which documents are kept by their scores, within a budget: a file is a kind."""
