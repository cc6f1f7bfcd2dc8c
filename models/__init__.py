"""The families: one folder per kind of tokenizer."""
