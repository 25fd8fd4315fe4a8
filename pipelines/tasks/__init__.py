"""What a model is asked, to choose data by and to be measured on: a file is a kind, a folder is what they share."""
