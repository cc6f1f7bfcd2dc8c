"""Mimi: a causal codec whose first codebook carries meaning."""
