"""What answers a prompt: a file is a kind, a folder is what they share."""
