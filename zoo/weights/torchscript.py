"""Tensors of a TorchScript archive (``torch.jit.save``), without running what it holds.

OpenAI published CLIP so. An archive is a zip file: code, which is not looked at; storages, as plain
bytes; and a pickle, in which modules are nothing but named attributes. It is read here by an
unpickler that knows tensors and containers and can call nothing else.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor

_STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


_Named = Iterator[tuple[str, Tensor]]


def is_torchscript(path: Path) -> bool:
    """Whether a zip file is such an archive."""
    with ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def torchscript_tensors(path: Path) -> dict[str, Tensor]:
    """Parameters and buffers by their dotted names; tensors among the constants are left out.

    Raises:
        pickle.UnpicklingError: if the archive's data asks for anything but tensors.
        KeyError, ValueError, zipfile.BadZipFile: if it is damaged.
    """
    with ZipFile(path) as archive:
        names = archive.namelist()
        (data,) = (name for name in names if name.count("/") == 1 and name.endswith("/data.pkl"))
        root = data.removesuffix("data.pkl")
        if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
            raise ValueError("written on a big-endian machine")
        reader = _Reader(archive, root)
        return dict(reader.named(reader.load()))


class _Reader(pickle.Unpickler):
    def __init__(self, archive: ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}data.pkl")))
        self.archive, self.root = archive, root
        self.storages: dict[str, Tensor] = {}
        # Of this file alone, as a pickle may write into what it is given; methods are safe.
        self.node = type("Node", (), {"__doc__": "A module: its attributes lie in __dict__."})

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("__torch__"):
            return self.node
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self.tensor
        if module == "torch.jit._pickle":  # typed lists and dicts
            return self.plain
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")

    def persistent_load(self, pid: Any) -> Tensor:
        """Numbers of a storage, [n]."""
        kind, dtype, key, _, count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise ValueError(f"expected a storage, got {kind!r}")
        if key not in self.storages:
            content = bytearray(self.archive.read(f"{self.root}data/{int(key)}"))
            numbers = torch.frombuffer(content, dtype=dtype) if count else torch.empty(0)
            self.storages[key] = numbers.to(dtype)
        return self.storages[key]

    def tensor(self, storage: Tensor, offset: int, size: Any, stride: Any, *_: Any) -> Tensor:
        """A view of a storage."""
        return storage.as_strided(size, stride, offset)

    def plain(self, value: Any = None, *_: Any) -> Any:
        """A container without its type."""
        return value

    def named(self, node: Any, prefix: str = "", seen: frozenset[int] = frozenset()) -> _Named:
        """The tensors below a module."""
        for name, inner in vars(node).items():
            if isinstance(inner, Tensor):
                yield f"{prefix}{name}", inner
            elif isinstance(inner, self.node) and id(inner) not in seen:
                yield from self.named(inner, f"{prefix}{name}.", seen | {id(inner)})
