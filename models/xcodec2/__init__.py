"""X-codec 2: speech in one codebook of 65,536 ids, through transformers."""
