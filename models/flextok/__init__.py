"""FlexTok: images as a flexible-length, coarse-to-fine row of ids (arXiv 2502.13967)."""
