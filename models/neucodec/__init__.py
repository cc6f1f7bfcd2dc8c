"""NeuCodec: an X-codec 2 that hears at 16 kHz and speaks at 24 kHz, through transformers."""
