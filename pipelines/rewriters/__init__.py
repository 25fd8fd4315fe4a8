"""What asks an engine for a leaner text and judges the reply: a file is a kind, a folder is what they share."""
