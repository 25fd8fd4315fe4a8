"""Numbers about documents, as the selectors read them: a file is a kind."""
