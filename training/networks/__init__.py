"""Networks beside those of transformers, their export, and what they write."""
