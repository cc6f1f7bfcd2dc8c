"""The commands of ``zoo``: one module each, named as the command (- as _).

A command module has a docstring (its help), ``SUMMARY`` (one line for ``zoo --help``),
``add_arguments(parser)`` and ``run(args)``. It is imported whenever the list of commands is
shown, so it loads torch and everything heavy inside ``run``.
"""

COMMANDS = (
    "list",
    "show",
    "encode",
    "decode",
    "reconstruct",
    "train",
    "fit-codebook",
    "tokenize",
    "convert",
    "export",
    "push",
)
