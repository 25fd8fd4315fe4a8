"""Gradients of a language model's output, text by text, projected to features that fit in memory (TRAK, 2303.14186)."""
