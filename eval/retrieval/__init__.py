"""Text-video retrieval: captions, vectors of both, and where the right ones rank."""
