"""Model families, one a file: what is built, what a token costs, and how a sequence is read."""
