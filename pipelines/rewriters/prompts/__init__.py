"""The instructions of every genre, and the form in which replies travel."""
