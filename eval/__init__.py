"""The evaluation harness: what a tokenizer keeps, what it costs, how fast it is."""
