"""Linear models on hashed words and pairs of neighbouring words, which several scorers share."""
