"""A module's tensors -> a safetensors file with our names."""

import os
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..errors import CheckpointCorruptError
from ..tensor_file import write_tensors
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
        dtype: of floating-point tensors, such as ``torch.float16`` for half the size; those with
            numbers too small or too large for it stay as they are, as all do without it. Reading
            widens them again.

    Raises:
        CheckpointCorruptError: if a tensor has no values or values that are not finite: such a
            file could not be loaded.
    """
    parameters = {name for name, _ in module.named_parameters()}
    tensors, bad = {}, []
    for name, value in module.state_dict().items():
        if value.is_meta:
            raise CheckpointCorruptError(f"cannot save {path}: {name} has no values (meta device)")
        narrow = dtype is not None and value.is_floating_point() and _holds(dtype, value)
        kind = dtype if narrow else value.dtype
        # Copies: safetensors refuses tensors that share memory.
        tensors[name] = value.detach().to("cpu", kind, copy=True).contiguous()
        if not is_sound(tensors[name], name in parameters):
            bad.append(name)
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise CheckpointCorruptError(
            f"cannot save {path}: NaN or infinite: {', '.join(bad[:5])}{more}"
        )
    write_tensors(tensors, path, {"format": "pt", **metadata})


def _holds(dtype: torch.dtype, value: Tensor) -> bool:
    """Whether ``value`` loses no more in ``dtype`` than rounding: is not too small or large."""
    exact = value.detach().double()
    lost = (exact.to(dtype).double() - exact).norm()
    return bool(lost <= exact.norm() * torch.finfo(dtype).eps / 2)
