"""SEED: an image as 32 causal ids that carry its meaning, not its pixels (arXiv 2310.01218)."""
