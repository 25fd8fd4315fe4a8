"""Documents of tokens to sequences of one length, and reading them row by row."""
