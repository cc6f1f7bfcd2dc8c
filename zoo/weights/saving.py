"""A module's tensors -> a safetensors file with our names."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from ..atomic import atomic_write
from ..errors import CheckpointCorruptError
from .filling import is_sound


def save_checkpoint(
    module: nn.Module,
    path: str | os.PathLike[str],
    metadata: Mapping[str, str],
    dtype: torch.dtype | None = None,
) -> None:
    """Write the state dict of ``module`` as safetensors, whole or not at all.

    Args:
        module: its parameters and persistent buffers, on any device.
        path: of the file.
        metadata: text about it, readable without the tensors (:func:`zoo.weights.metadata`).
        dtype: of floating-point tensors, such as ``torch.float16`` for half the size; None: as
            they are. Reading widens them again.

    Raises:
        CheckpointCorruptError: if a tensor has no values or values that are not finite in
            ``dtype``: such a file could not be loaded.
    """
    parameters = {name for name, _ in module.named_parameters()}
    tensors, bad = {}, []
    for name, value in module.state_dict().items():
        if value.is_meta:
            raise CheckpointCorruptError(f"cannot save {path}: {name} has no values (meta device)")
        kind = dtype if dtype and value.is_floating_point() else value.dtype
        # Copies: safetensors refuses tensors that share memory.
        tensors[name] = value.detach().to("cpu", kind, copy=True).contiguous()
        if not is_sound(tensors[name], name in parameters):
            bad.append(name)
    if bad:
        kind = str(dtype).removeprefix("torch.") if dtype else "their own dtype"
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise CheckpointCorruptError(
            f"cannot save {path}: NaN or infinite in {kind}: {', '.join(bad[:5])}{more}"
        )
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt", **metadata})
        _sort_metadata(temporary)


def _sort_metadata(path: Path) -> None:
    """Order the header's metadata by key: safetensors writes it in a random order each time.

    Equal weights then make equal files, with equal hashes. Only the order changes, so the header
    keeps its length and every offset its meaning.
    """
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(ordered) > length:
            return  # written otherwise than we would: leave it
        file.seek(8)
        file.write(ordered.ljust(length))
