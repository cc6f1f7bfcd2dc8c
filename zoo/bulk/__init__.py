"""Tokenizing whole data sets: a source is listed once, cut into units, and done unit by unit.

``manifest`` lists, ``unit`` tokenizes one unit into one file, ``journal`` remembers what is done,
``local`` and ``cluster`` run units on this machine or on a Ray cluster, ``dataset`` reads it all.
"""
