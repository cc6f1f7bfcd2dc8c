"""A module's tensors -> a safetensors file with our names."""

import os
from collections.abc import Collection, Mapping

import torch
from torch import nn

from ..errors import CheckpointCorruptError
from ..tensor_file import write_tensors
from .filling import is_sound


def save_checkpoint(
    module: nn.Module,
    path: str | os.PathLike[str],
    metadata: Mapping[str, str],
    dtype: torch.dtype | None = None,
    keep: Collection[str] = (),
) -> None:
    """Write the state dict of ``module`` as safetensors, whole or not at all.

    Args:
        module: its parameters and persistent buffers, on any device.
        path: of the file.
        metadata: text about it, readable without the tensors (:func:`zoo.weights.metadata`).
        dtype: of floating-point tensors, such as ``torch.float16`` for half the size; None: as
            they are. Reading widens them again.
        keep: names of tensors that stay as they are nevertheless.

    Raises:
        CheckpointCorruptError: if a tensor has no values or values that are not finite in
            ``dtype``: such a file could not be loaded.
    """
    parameters = {name for name, _ in module.named_parameters()}
    tensors, bad = {}, []
    for name, value in module.state_dict().items():
        if value.is_meta:
            raise CheckpointCorruptError(f"cannot save {path}: {name} has no values (meta device)")
        narrowed = dtype and value.is_floating_point() and name not in keep
        kind = dtype if narrowed else value.dtype
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
    write_tensors(tensors, path, {"format": "pt", **metadata})


def held_badly(module: nn.Module, dtype: torch.dtype) -> list[str]:
    """Names of tensors that lose more in ``dtype`` than rounding: too small or large for it."""
    found = []
    for name, value in module.state_dict().items():
        if not value.is_floating_point() or value.is_meta:
            continue
        value = value.detach().double()
        lost = (value.to(dtype).double() - value).norm()
        if not lost <= value.norm() * torch.finfo(dtype).eps / 2:
            found.append(name)
    return found
