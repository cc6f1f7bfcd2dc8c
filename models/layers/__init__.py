"""Layers that two or more families use with the same numerics."""
