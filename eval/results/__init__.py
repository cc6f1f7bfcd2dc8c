"""One JSON file per run: what it holds, how it is gathered, how it survives a killed process."""
