"""Names of the published file -> ours.

Source: state dict of transformers 5.23. Only SEANet's lists have another name for their layers.
"""

from zoo.weights import KeyTable, Rule

TRANSFORMERS: KeyTable = (
    *(Rule(f"{half}.layers.{{place*}}", f"{half}.{{place*}}") for half in ("encoder", "decoder")),
    Rule("{name*}", "{name*}"),
)

FORMATS = {"transformers": TRANSFORMERS}
