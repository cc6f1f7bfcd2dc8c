"""From what a person asks for to a prefix that a tokenizer has."""

from zoo.tokenizer import Tokenizer
from zoo.tokens import Tokens


def legal(tok: Tokenizer, wanted: float | None) -> int | None:
    """The prefix nearest to ``wanted`` from below, or the shortest; None where ids cannot be cut."""
    if not tok.prefixes or wanted is None:
        return None
    return max((k for k in tok.prefixes if k <= wanted), default=min(tok.prefixes))


def within(tok: Tokenizer, tokens: Tokens, bits: float) -> int | None:
    """The longest prefix of these tokens that costs at most ``bits``, or the shortest."""
    costs = {k: float(tokens.prefix(k).bits()[0]) for k in tok.prefixes}
    return max((k for k, cost in costs.items() if cost <= bits), default=min(costs, default=None))
