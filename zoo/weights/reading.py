"""Weight files -> tensors by name: safetensors and torch files, read lazily, never executed."""

import json
import pickle
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from ..errors import CheckpointCorruptError
from .torchscript import is_torchscript, torchscript_tensors

# Classes that training frameworks leave in checkpoints beside the weights. They are replaced by
# an inert stand-in: nothing of theirs is imported, called or kept.
_BYSTANDERS = (
    "pytorch_lightning.",
    "lightning.",
    "lightning_fabric.",
    "omegaconf.",
    "numpy.",
    "argparse.Namespace",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib.PurePosixPath",
    "collections.defaultdict",
    "typing.Any",
    "builtins.dict",
    "builtins.list",
    "builtins.int",
)


class _Inert(dict[Any, Any]):
    """Stands in for an object that is not a tensor: takes any arguments and does nothing."""

    def __new__(cls, *args: object, **kwargs: object) -> "_Inert":
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object):
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass


class SafeTensors(Mapping[str, Tensor]):
    """The tensors of a safetensors file, mapped into memory and read when asked for."""

    def __init__(self, path: Path):
        self._file = safe_open(str(path), framework="pt")
        self._keys = dict.fromkeys(self._file.keys())

    def __getitem__(self, key: str) -> Tensor:
        if key not in self._keys:
            raise KeyError(key)
        return self._file.get_tensor(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it."""
        return tuple(self._file.get_slice(key).get_shape())


def read_tensors(path: str | Path, unwrap: tuple[str, ...] = ()) -> Mapping[str, Tensor]:
    """The tensors of a .safetensors file or of what torch wrote, by name, on the CPU.

    That is what ``torch.save`` wrote, or ``torch.jit.save``; in neither case is anything executed.

    Args:
        path: the file; its content, not its name, says what it is.
        unwrap: for torch files: where the state dict lies. The first of these keys that the file
            has is taken ("model.ema" goes two levels down, "encoder+decoder" takes both, with
            their names in front). Dicts of dicts are joined with dots.

    Raises:
        CheckpointCorruptError: for a damaged file, one that holds code, or one without tensors.
    """
    path = Path(path)
    head = _head(path)
    if head[8:9] == b"{":
        try:
            return SafeTensors(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointCorruptError(f"{path}: a damaged safetensors file: {error}") from error
    if head.startswith(b"version https://git-lfs"):
        raise CheckpointCorruptError(
            f"{path} is a Git LFS pointer; run 'git lfs pull' for the file"
        )
    if head.lstrip()[:1] == b"<":
        raise CheckpointCorruptError(f"{path} is a web page, not weights; delete it and load again")
    content = _load(path, zipped=head.startswith(b"PK"))
    return dict(_tensors(_unwrap(content, unwrap, path), "", path))


def metadata(path: str | Path) -> dict[str, str]:
    """The ``__metadata__`` of a safetensors file.

    Raises:
        CheckpointCorruptError: if it is no such file.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if not 2 <= size <= path.stat().st_size - 8:
                raise ValueError("no header")
            header = json.loads(file.read(size))
        return {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointCorruptError(f"{path}: not a safetensors file: {error}") from error


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise CheckpointCorruptError(f"{path} cannot be read: {error}") from error


def _load(path: Path, zipped: bool) -> Any:
    bystanders = _bystanders(path) if zipped else []
    try:
        if zipped and is_torchscript(path):
            return torchscript_tensors(path)
        with warnings.catch_warnings(), safe_globals([(_Inert, name) for name in bystanders]):
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as error:  # damaged pickles raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            wanted = ", ".join(_unsafe(path) if zipped else []) or _first_line(error)
            raise CheckpointCorruptError(
                f"{path} is refused: it is a pickle that wants to run code ({wanted}). Nothing of "
                "it was executed. Ask its author for safetensors."
            ) from None
        raise CheckpointCorruptError(
            f"{path} cannot be read as weights (damaged or cut short): {_first_line(error)}"
        ) from error


def _bystanders(path: Path) -> list[str]:
    """The file's foreign classes if all of them are known to be harmless, else none."""
    found = _unsafe(path)
    return found if all(map(_is_bystander, found)) else []


def _is_bystander(name: str) -> bool:
    return any(
        name == known or (known[-1] == "." and name.startswith(known)) for known in _BYSTANDERS
    )


def _unsafe(path: Path) -> list[str]:
    try:
        return sorted(get_unsafe_globals_in_checkpoint(str(path)))
    except Exception:  # a damaged file: torch.load will say so
        return []


def _unwrap(content: Any, unwrap: tuple[str, ...], path: Path) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise CheckpointCorruptError(f"{path} holds a {type(content).__name__}, not named tensors")
    if not unwrap:
        return content
    for wrapper in unwrap:
        parts = wrapper.split("+")
        if len(parts) > 1 and all(isinstance(content.get(part), Mapping) for part in parts):
            return {part: content[part] for part in parts}
        inner: Any = content
        for key in wrapper.split("."):
            inner = inner.get(key) if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping):
            return inner
    raise CheckpointCorruptError(
        f"{path} has none of the wrappers {list(unwrap)}; it has {_listed(content)}"
    )


def _tensors(content: Mapping[str, Any], prefix: str, path: Path) -> Iterator[tuple[str, Tensor]]:
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Tensor):
            yield name, value.detach()
        elif isinstance(value, Mapping) and not isinstance(value, _Inert):
            yield from _tensors(value, f"{name}.", path)
        else:
            kind = "foreign object" if isinstance(value, _Inert) else type(value).__name__
            raise CheckpointCorruptError(
                f"{path}: {name!r} is no tensor ({kind}). If the weights lie "
                f"deeper, the card's 'unwrap' must name the key; at the top are {_listed(content)}"
            )


def _listed(content: Mapping[str, Any]) -> str:
    names = [str(key) for key in content]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
