"""What sees the whole corpus: columns of it, exact cutoffs, samples, and randomness by row."""
