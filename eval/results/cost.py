"""What tokens cost, per item, and which ids were drawn."""

from zoo.tokens import Tokens

from .chunk import Chunk


def token_costs(tokens: Tokens) -> list[dict[str, float]]:
    """Per item: ids, their nominal bits, and the nominal bits of extras."""
    columns = {
        "tokens": (tokens.codes >= 0).sum((1, 2)).tolist(),
        "bits": tokens.bits().tolist(),
        "extra_bits": tokens.extra_bits().tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def draw(chunk: Chunk, name: str, tokens: Tokens) -> None:
    """Count the ids of each slot as ``name/slot``."""
    for slot in range(tokens.codes.shape[1]):
        chunk.draw(f"{name}/{slot}", tokens.codes[:, slot])
