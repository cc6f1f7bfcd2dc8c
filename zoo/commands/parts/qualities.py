"""The legal qualities of a checkpoint, from its spec alone. Loads no torch."""

from ...tokens.spec import TokenSpec


def usual_prefixes(spec: TokenSpec) -> list[int]:
    """A few of the legal qualities, coarse to full: all of them, or powers of 4 and the full."""
    values = () if spec.prefixes is None else spec.prefixes.values
    if len(values) <= 6:
        return list(values)
    powers = {4**exponent for exponent in range(16)}
    return [k for k in values if k in powers or k == values[-1]]
