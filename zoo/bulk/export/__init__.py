"""Tokens of a data set in the forms that other programs read: one module per form.

A form is a module with ``write(data, place, layout)``; nothing else lists it.
"""
