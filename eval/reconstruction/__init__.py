"""Encode, cut to each prefix, decode, compare: what all reconstruction tasks share."""
