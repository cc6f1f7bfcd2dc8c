"""Tensors as Arrow columns and back: what an item owns, flattened, one list per row."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..tokens import Origin, Tokens
from ..tokens.extras import dtype_of, own_mask
from ..tokens.packing import id_widths, packed_bytes
from ..tokens.spec import ExtraSpec, TokenSpec
from ..tokens.storage import from_bits, to_bits
from .needs import needs


def own_ids(lengths: Tensor, slots: Tensor, shape: tuple[int, int]) -> Tensor:
    """True [item, slot, position] where an item may have an id."""
    in_slot = torch.arange(shape[0]) < slots[:, None]
    in_time = torch.arange(shape[1]) < lengths[:, None]
    return in_slot[:, :, None] & in_time[:, None]


def id_column(tokens: Tokens, packed: bool) -> Any:
    """The ids of each item: int32, slot by slot; packed: its bits as bytes."""
    codes, lengths, slots = tokens.codes.cpu(), tokens.lengths.cpu(), tokens.slot_counts.cpu()
    if not packed:
        values = codes[own_ids(lengths, slots, (codes.shape[1], codes.shape[2]))]
        return lists(values.int().numpy(), slots * lengths)
    pa = needs("pyarrow")
    widths = id_widths(tokens.spec.vocab_sizes, holes=tokens.spec.holes)
    pairs = zip(slots.tolist(), lengths.tolist(), strict=True)
    sizes = [packed_bytes(widths[:count], length) for count, length in pairs]
    stream = to_bits(codes, lengths, slots, tokens.spec).numpy().tobytes()
    ends = np.cumsum([0, *sizes])
    return pa.array([stream[a:b] for a, b in zip(ends, ends[1:], strict=False)], pa.binary())


def read_ids(table: Any, spec: TokenSpec, packed: bool, lengths: Tensor, slots: Tensor) -> Tensor:
    """The inverse of :func:`id_column`: int64 [item, slot, position], -1 in the padding."""
    most_slots, longest = (max(one.tolist(), default=0) for one in (slots, lengths))
    widest = (most_slots or spec.num_slots, longest)
    if packed:
        stream = b"".join(table.column("packed").to_pylist())
        stored = torch.from_numpy(np.frombuffer(stream, np.uint8).copy())
        return from_bits(stored, (len(lengths), *widest), lengths, slots, spec)
    codes = torch.full((len(lengths), *widest), -1, dtype=torch.int64)
    codes[own_ids(lengths, slots, widest)] = torch.from_numpy(flat(table.column("ids"))).long()
    return codes


def extra_columns(tokens: Tokens, extra: ExtraSpec) -> dict[str, Any]:
    """``extra_<name>`` and ``extra_<name>_shape`` (without the item axis)."""
    tensor, items = tokens.extras[extra.name].cpu(), len(tokens)
    sizes = {name: size.cpu() for name, size in tokens.axis_sizes.items()}
    mask = own_mask(extra, tensor.shape, sizes)
    free = zip(extra.axes[1:], tensor.shape[1:], strict=True)
    sides = [sizes.get(axis, torch.full((items,), size)) for axis, size in free]
    shape = torch.stack(sides, 1) if sides else torch.zeros(items, 0, dtype=torch.int64)
    values = tensor[mask]
    values = values.view(torch.int16) if values.dtype == torch.bfloat16 else values
    return {
        f"extra_{extra.name}": lists(values.numpy(), mask.flatten(1).sum(1)),
        f"extra_{extra.name}_shape": lists(
            shape.int().flatten().numpy(), torch.full((items,), shape.shape[1])
        ),
    }


def read_extra(table: Any, extra: ExtraSpec) -> Tensor:
    """The inverse of :func:`extra_columns`, padded with the neutral value."""
    shapes = table.column(f"extra_{extra.name}_shape").to_pylist()
    widest = [max(sides) for sides in zip(*shapes, strict=True)] or [0] * (len(extra.axes) - 1)
    tensor = torch.full((len(shapes), *widest), extra.neutral, dtype=dtype_of(extra))
    owned = torch.ones(tensor.shape, dtype=torch.bool)
    for axis, reach in enumerate(zip(*shapes, strict=True), 1):
        inside = torch.arange(tensor.shape[axis]) < torch.tensor(reach)[:, None]
        owned &= inside.reshape([n if i in (0, axis) else 1 for i, n in enumerate(tensor.shape)])
    values = torch.from_numpy(flat(table.column(f"extra_{extra.name}")))
    if tensor.dtype == torch.bfloat16:
        values = values.view(torch.bfloat16)
    tensor[owned] = values.to(tensor.dtype)
    return tensor


def grid_column(tokens: Tokens) -> Any:
    """The token grid of each item, or null."""
    pa = needs("pyarrow")
    if tokens.grid is None:
        return pa.nulls(len(tokens), pa.list_(pa.int32()))
    grid = tokens.grid.cpu()
    return lists(grid.int().flatten().numpy(), torch.full((len(tokens),), grid.shape[1]))


def origin_column(tokens: Tokens) -> Any:
    """What is known of each item's media, as a struct."""
    pa = needs("pyarrow")
    several = pa.list_(pa.int32())
    kinds = {
        "size": several,
        "rect": several,
        "canvas": several,
        "samples": pa.int64(),
        "rate": pa.int32(),
        "out_samples": pa.int64(),
        "channels": pa.int32(),
        "times": pa.list_(pa.float64()),
    }
    unknown = set(asdict(Origin())) - set(kinds)
    assert not unknown, f"an Origin field without a column type: {unknown}"
    rows = [None if one is None else one.to_dict() for one in tokens.origin]
    return pa.array(rows, pa.struct(list(kinds.items())))


def read_origin(row: Mapping[str, Any] | None) -> Origin | None:
    """One value of :func:`origin_column`."""
    if row is None:
        return None
    return Origin.from_dict({name: value for name, value in row.items() if value is not None})


def lists(values: np.ndarray, counts: Tensor) -> Any:
    """A list column of consecutive ``values``, ``counts[i]`` of them in row i."""
    pa = needs("pyarrow")
    ends = np.concatenate([[0], np.cumsum(counts.numpy(), dtype=np.int64)])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(values))


def flat(column: Any) -> np.ndarray:
    """All values of a list column, row after row."""
    pa = needs("pyarrow")
    joined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    chunks = joined.chunks if isinstance(joined, pa.ChunkedArray) else [joined]
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)
