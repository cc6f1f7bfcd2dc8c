"""Simple methods that a trained tokenizer must beat, as commands."""
