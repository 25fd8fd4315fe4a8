"""Codecs as Hugging Face tokenizers: the files that lie beside an exported model."""
