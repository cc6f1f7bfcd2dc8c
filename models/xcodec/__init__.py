"""X-codec: what is said and how it sounds in one residual quantiser, through transformers."""
