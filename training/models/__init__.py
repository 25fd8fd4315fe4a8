"""Model families, one a file: what is built, what a token costs, and what is predicted."""
