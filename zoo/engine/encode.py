"""What ``Tokenizer.encode`` does: media -> prepared items -> batches of one shape -> Tokens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from tqdm import tqdm

from ..errors import MediaError
from ..media import Prepared, Source
from ..tokens import Tokens
from .batching import grouped, grouped_by_length, padded
from .noise import Noise
from .precision import full_fp32
from .provenance import made_by

if TYPE_CHECKING:
    from ..family import Encoded, Family

MOST_PIECES, MOST_BYTES = 256, 1 << 28
"""Pieces prepared at a time, so that neither a long list nor a long video fills the memory."""


def prepare(tok: "Family", source: Source, options: Mapping[str, object]) -> Prepared:
    """Read and prepare one item; an error names it."""
    opened = source.open()
    try:
        return tok.prepare(opened, **options)
    except MediaError as error:
        raise MediaError(f"{source.label}: {error}") from error


def encode_sources(
    tok: "Family",
    items: Sequence[Source],
    *,
    prefix: int | None,
    seeds: Sequence[int],
    noise: Tensor | None,
    batch_size: int | None,
    progress: bool,
    for_prepare: Mapping[str, object],
    for_model: Mapping[str, object],
) -> Tokens:
    """Encode items piece by piece; the result is in the order of the items."""
    found: list[Tokens] = []
    rows: list[int] = []
    made = made_by(tok, {**for_prepare, **for_model})
    with tqdm(total=len(items), desc=f"{tok.name} encode", disable=not progress) as bar:
        for window in _windows(tok, items, for_prepare):
            at = [row for row, _ in window]
            whole = len(set(at)) == len(at)
            tokens = encode_window(
                tok,
                [piece for _, piece in window],
                prefix=prefix,
                seeds=[seeds[row] for row in at],
                noise=None if noise is None else noise[at],
                batch_size=batch_size,
                for_model=for_model,
                made=made,
                done=bar.update if whole else int,
            )
            found.append(tokens)
            rows += at
            bar.update(max(0, at[-1] - bar.n))
        bar.update(len(items) - bar.n)
    return joined(Tokens.cat(found), rows)


def _windows(
    tok: "Family", items: Sequence[Source], options: Mapping[str, object]
) -> Iterator[list[tuple[int, Prepared]]]:
    """The pieces of all items in order, each with its item, as many at a time as may be held."""
    held: list[tuple[int, Prepared]] = []
    size = 0
    for row, source in enumerate(items):
        opened = source.open()
        try:
            for piece in tok.pieces(opened, **options):
                held.append((row, piece))
                size += piece.tensor.nbytes
                if len(held) >= MOST_PIECES or size >= MOST_BYTES:
                    yield held
                    held, size = [], 0
        except MediaError as error:
            raise MediaError(f"{source.label}: {error}") from error
    if held:
        yield held


def joined(tokens: Tokens, rows: Sequence[int]) -> Tokens:
    """Pieces put together to items; ``rows`` is the item of each piece, rising."""
    if len(set(rows)) == len(rows):
        return tokens
    own = [list(places) for _, places in groupby(range(len(rows)), key=rows.__getitem__)]
    return Tokens.cat(Tokens.join(tokens[place] for place in places) for places in own)


def encode_window(
    tok: "Family",
    window: Sequence[Prepared],
    *,
    prefix: int | None,
    seeds: Sequence[int],
    noise: Tensor | None,
    batch_size: int | None,
    for_model: Mapping[str, object],
    made: Mapping[str, Any],
    done: Callable[[int], object] = int,
) -> Tokens:
    """Encode prepared items, batch by batch; the result is in their order."""
    pieces: list[Tokens] = []
    order: list[int] = []
    for rows in batches(tok, window, batch_size):
        draws = Noise([seeds[r] for r in rows], None if noise is None else noise[rows])
        items = [window[row] for row in rows]
        with full_fp32(tok.device):
            encoded = _encoded(tok, items, prefix=prefix, noise=draws, **for_model)
        tokens = Tokens(
            encoded.codes,
            spec=tok.spec,
            space=tok.space,
            lengths=encoded.lengths,
            grid=encoded.grid,
            origin=[window[row].origin for row in rows],
            extras=encoded.extras,
            made_by=made,
        )
        pieces.append(tokens if prefix is None else tokens.prefix(prefix))
        order += rows
        done(len(rows))
    tokens = Tokens.cat(pieces)
    if order == sorted(order):
        return tokens
    return tokens[sorted(range(len(order)), key=order.__getitem__)]


def _encoded(tok: "Family", items: Sequence[Prepared], **keywords: Any) -> "Encoded":
    sound = items[0].tensor
    if len(items) == 1 and tok.is_long(sound.shape[-1], "encode"):
        found = tok._encode_long(sound[None], **keywords)
        if found is not None:
            return found
    batch, ends = stacked(tok, items)
    return tok._encode(batch, **ends, **keywords)


def batches(
    tok: "Family", items: Sequence[Prepared], batch_size: int | None
) -> Iterator[list[int]]:
    """Indices of the items that go through the networks together."""
    sizes = [item.tensor.shape[-1] for item in items]
    alone = [row if tok.is_long(size, "encode") else None for row, size in enumerate(sizes)]
    rest = [item.tensor.shape[:-1] for item in items]
    if not tok.ragged:
        return grouped(zip(rest, sizes, alone, strict=True), batch_size)
    return grouped_by_length(zip(rest, alone, strict=True), sizes, batch_size)


def stacked(tok: "Family", items: Sequence[Prepared]) -> tuple[Tensor, dict[str, Tensor]]:
    """The items as ``_encode`` takes them: the batch, and of a ragged family ``lengths``."""
    tensors = [item.tensor for item in items]
    batch = to_device(padded(tensors), tok.device)
    lengths = torch.tensor([tensor.shape[-1] for tensor in tensors], device=tok.device)
    return batch, {"lengths": lengths} if tok.ragged else {}


def to_device(batch: Tensor, device: torch.device) -> Tensor:
    """To a GPU through pinned memory, so that the copy overlaps what it is still computing."""
    if device.type != "cuda":
        return batch.to(device)
    return batch.pin_memory().to(device, non_blocking=True)
