"""Training: batches from the cache, the loop, its checkpoints and what it costs."""
