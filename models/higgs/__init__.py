"""Higgs audio v2: a tokenizer of 25 positions a second for all kinds of sound, through transformers."""
