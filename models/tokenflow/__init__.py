"""TokenFlow: one id for what a place means and how it looks (arXiv 2412.03069)."""
