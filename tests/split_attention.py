"""Attention that upstream keeps in one matrix, as the three of transformers."""

from collections.abc import Iterator, Mapping

from torch import Tensor


def split(
    state: Mapping[str, Tensor], heads: int, fused: str, part: str
) -> Iterator[tuple[str, Tensor]]:
    """Query, key and value apart; rotary pairs (0, 1), (2, 3).. as (0, half), (1, half + 1)..

    Args:
        fused: how upstream's names of the one matrix end, before ".weight".
        part: what stands there for each, with {} for the letter.
    """
    for name, tensor in state.items():
        if not name.endswith(f"{fused}.weight"):
            yield name, tensor
            continue
        for letter, rows in zip("qkv", tensor.chunk(3), strict=True):
            if letter != "v":
                pairs = rows.unflatten(0, (heads, -1, 2))  # head, pair, one of two
                rows = pairs.transpose(1, 2).flatten(0, 2)
            yield name.replace(fused, part.format(letter)), rows.contiguous()
