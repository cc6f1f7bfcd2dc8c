"""Short programs on top of ``import zoo``: each runs as ``python -m zoo.demo.examples.NAME``."""
