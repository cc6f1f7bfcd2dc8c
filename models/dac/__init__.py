"""DAC: residual quantisation with Snake convolutions, through transformers."""
