"""Where documents come from: a file is a kind, a folder is what they share."""
