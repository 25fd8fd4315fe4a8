"""What a rewrite has to pass before it takes the place of its original."""
