"""Which documents are the same or nearly so: a file is a kind."""
