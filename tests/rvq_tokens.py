"""Tokens of three codebooks, small enough to write down."""

from zoo.tokens import Prefixes, Tokens, TokenSpec

RVQ = TokenSpec("time", (10, 20, 30), prefixes=Prefixes("slot", "codebooks", (1, 2, 3)))
CODES = [[[0, 1], [2, 3], [4, 5]]]  # 3 slots, 2 positions


def rvq(**given):
    return Tokens(CODES, spec=RVQ, space="test:1", **given)
