"""Jobs: submitting, the session with Ray, and what every node has to have before a run."""
