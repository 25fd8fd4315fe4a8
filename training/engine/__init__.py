"""The training engine: Ray Train workers, the DeepSpeed loop, batches, checkpoints and metrics."""
