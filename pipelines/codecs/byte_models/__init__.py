"""Byte models: how probable each byte is behind what is known of the text before it; a compressing codec's "M1"."""
