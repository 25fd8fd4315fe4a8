"""What turns texts into vectors: a file is a kind."""
