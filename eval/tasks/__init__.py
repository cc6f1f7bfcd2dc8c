"""The tasks: a folder each, found by name."""
