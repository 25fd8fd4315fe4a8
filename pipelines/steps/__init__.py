"""What takes documents and gives documents, scores or tokens: a file is a kind."""
