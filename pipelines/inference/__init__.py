"""Models on disk and in memory: their files, windows of tokens, losses, and how vLLM starts."""
