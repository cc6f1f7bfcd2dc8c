"""What ``Tokenizer.decode`` does: Tokens -> batches that fit together -> media at their scale."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor
from tqdm import tqdm

from ..tokens import Tokens
from .batching import grouped, grouped_by_length
from .noise import Noise
from .precision import full_fp32

if TYPE_CHECKING:
    from ..family import Family


def decode_tokens(
    tok: "Family",
    tokens: Tokens,
    *,
    seeds: Sequence[int],
    noise: Tensor | None,
    native: bool,
    batch_size: int | None,
    progress: bool,
    options: Mapping[str, object],
) -> list[Tensor]:
    """One media tensor per item, on the CPU, in the order of the items."""
    results: dict[int, Tensor] = {}
    with tqdm(total=len(tokens), desc=f"{tok.name} decode", disable=not progress) as bar:
        for rows in _batches(tok, tokens, batch_size):
            part = tokens[rows].to(tok.device)
            slots, length = int(part.slot_counts.max()), int(part.lengths.max())
            with full_fp32(tok.device):
                decoded = tok._decode(
                    part.codes[:, :slots, :length],
                    lengths=part.lengths,
                    grid=part.grid,
                    extras=part.extras,
                    noise=Noise([seeds[r] for r in rows], None if noise is None else noise[rows]),
                    **options,
                )
            for row, item, origin in zip(rows, decoded, part.origin, strict=True):
                results[row] = tok.restore(item, origin, native).cpu()
            bar.update(len(rows))
    return [results[row] for row in range(len(tokens))]


def _batches(tok: "Family", tokens: Tokens, batch_size: int | None) -> Iterator[list[int]]:
    """Indices of the items that can be decoded together."""
    grids = [None] * len(tokens) if tokens.grid is None else tokens.grid.tolist()
    lengths = tokens.lengths.tolist()
    keys = [
        (0 if tok.mixed_lengths else length, slots, tuple(grid) if grid else None)
        for length, slots, grid in zip(lengths, tokens.slot_counts.tolist(), grids, strict=True)
    ]
    if tok.mixed_lengths and tok.spec.order == "time":  # padding costs time there
        return grouped_by_length(keys, lengths, batch_size)
    return grouped(keys, batch_size)
