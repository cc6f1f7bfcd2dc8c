"""One card per checkpoint: the single place where its facts stand."""
