"""From text to tokens and back: a file is a kind, a folder is what they share."""
