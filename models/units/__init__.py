"""Semantic units: hidden layers of HuBERT or WavLM, each with k-means of its own."""
