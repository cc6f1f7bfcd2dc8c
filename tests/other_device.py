"""A device that is none: real numbers on the CPU that refuse to meet those of the CPU.

``meta`` stands for it. Tensors moved there, and all made from them, compute as ever, but not together
with tensors that were left behind, as on a GPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

OTHER = torch.device("meta")


class Moved(Tensor):
    """A tensor there; its numbers are in ``inner``."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "Moved":
        made = Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=OTHER,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _computed(func, args, kwargs or {})


class OtherDevice(TorchDispatchMode):
    """Where what is asked for on ``OTHER`` is made."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return _computed(func, args, kwargs or {})


@contextmanager
def other_device() -> Iterator[torch.device]:
    """The device, while it is there; autocast, which knows no such device, is left out."""
    plain = torch.tensor

    def tensor(numbers: Any, device: Any = "cpu", **more: Any) -> Tensor:
        return plain(numbers, **more).to(device)  # by itself it asks nobody where to make one

    with pytest.MonkeyPatch.context() as patch, OtherDevice():
        patch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
        patch.setattr(torch, "tensor", tensor)
        yield OTHER


def _computed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    wanted = kwargs.get("device")
    given = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
    there = [tensor for tensor in given if isinstance(tensor, Moved)]
    name = func._schema.name
    if len(there) < len(given) and there and name not in ("aten::copy_", "aten::_to_copy"):
        left = [t for t in given if not isinstance(t, Moved) and t.dim()]
        indices = name == "aten::index" and isinstance(args[0], Moved)
        if left and not indices:
            raise RuntimeError(f"{name}: tensors on another device and on the CPU")
    moved = bool(there) if wanted is None else torch.device(wanted) == OTHER
    inner_kwargs = kwargs | ({} if wanted is None else {"device": torch.device("cpu")})
    inner_args, inner_kwargs = tree_map(_inner, (args, inner_kwargs))
    found = func(*inner_args, **inner_kwargs)
    if name.endswith("_") and args and isinstance(args[0], Tensor):
        return args[0]
    return tree_map(lambda x: _outer(x, moved), found)


def _inner(value: Any) -> Any:
    return value.inner if isinstance(value, Moved) else value


def _outer(value: Any, moved: bool) -> Any:
    return Moved(value) if moved and isinstance(value, Tensor) else value
