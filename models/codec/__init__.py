"""Codec: a causal residual-quantised speech codec of our own, made to train on one CPU core."""
