"""Numbers out of a pickled scikit-learn estimator, without running anything that the file names.

A pickle is a program: it names functions, and unpickling calls them. This reader walks the same
opcodes, but every name stands for one of the few inert classes below, which only keep what they
are given; a name that is not listed ends the reading. Nothing is imported, no code of numpy or
scikit-learn runs on the file's behalf, and arrays are made at the very end from their raw bytes.

Read are files of ``pickle`` (any protocol) and of ``joblib.dump`` without compression, which puts
the bytes of an array behind the opcodes that announce it. Source of that form: joblib 1.6,
numpy_pickle.py; of the others: numpy's ``ndarray.__reduce__``.
"""

import io
import pickle
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CheckpointCorruptError

_LARGEST = 1 << 30  # bytes; k-means of a thousand centroids take some megabytes
_NUMBERS = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])


class _Inert:
    """Stands in for an object: keeps its state and does nothing with it."""

    def __init__(self, *given: object) -> None:
        self.given = given
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Estimator(_Inert):
    """Of scikit-learn: its attributes are its state."""


class _Dtype(_Inert):
    """numpy.dtype(code, ...), whose state has the byte order."""

    def to_numpy(self) -> np.dtype[Any]:
        code = str(self.given[0])
        if code not in _NUMBERS:
            raise ValueError(f"an array of {code!r}, which are no numbers")
        order = self.state[1] if self.state else "|"
        return np.dtype(f"{'>' if order == '>' else '<'}{code}")


class _Array(_Inert):
    """numpy's array: state (version, shape, dtype, Fortran order, bytes)."""

    def to_numpy(self) -> np.ndarray[Any, Any]:
        _, shape, dtype, fortran, content = self.state
        return _made(shape, dtype, "F" if fortran else "C", content)


class _Buffer(_Inert):
    """numpy's array in protocol 5: (bytes, dtype, shape, order)."""

    def to_numpy(self) -> np.ndarray[Any, Any]:
        content, dtype, shape, order = self.given
        return _made(shape, dtype, order, content)


class _Announced(_Inert):
    """joblib's array, whose bytes follow in the file."""

    content: bytes = b""

    def to_numpy(self) -> np.ndarray[Any, Any]:
        state = self.state
        return _made(state["shape"], state["dtype"], state["order"], self.content)


def _made(shape: Any, dtype: Any, order: Any, content: Any) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, _Dtype) or not isinstance(content, bytes | bytearray):
        raise ValueError("an array that is not described by a type and raw bytes")
    sizes = [int(size) for size in shape]
    kind = dtype.to_numpy()
    if min(sizes, default=0) < 0 or prod(sizes) * kind.itemsize != len(content):
        raise ValueError(f"an array of shape {sizes} with {len(content)} bytes")
    flat = np.frombuffer(bytes(content), dtype=kind)
    return flat.reshape(sizes[::-1]).T if order == "F" else flat.reshape(sizes)


def _encoded(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes in {encoding!r}")
    return text.encode("latin1")


def _object(kind: Any, *_: object) -> Any:
    """copyreg's way to make an object, of the kinds below only."""
    if kind is not _Estimator:
        raise ValueError("copyreg makes something that is no estimator")
    return _Estimator()


_KNOWN: dict[str, Any] = {
    "numpy.ndarray": _Inert,
    "numpy.dtype": _Dtype,
    "numpy.random.mtrand.RandomState": _Inert,
    "numpy.random._mt19937.MT19937": _Inert,
    "numpy.random._pickle.__randomstate_ctor": _Inert,
    "numpy.random._pickle.__bit_generator_ctor": _Inert,
    "joblib.numpy_pickle.NumpyArrayWrapper": _Announced,
    "_codecs.encode": _encoded,
    "copyreg._reconstructor": _object,
    "copy_reg._reconstructor": _object,
    "builtins.object": _Inert,
    "__builtin__.object": _Inert,
}
for _core in ("numpy.core", "numpy._core"):
    _KNOWN[f"{_core}.multiarray._reconstruct"] = _Array
    _KNOWN[f"{_core}.multiarray.scalar"] = _Inert
    _KNOWN[f"{_core}.numeric._frombuffer"] = _Buffer
for _module in ("sklearn.cluster._kmeans", "sklearn.cluster.k_means_"):
    for _name in ("KMeans", "MiniBatchKMeans"):
        _KNOWN[f"{_module}.{_name}"] = _Estimator


class _Reader(pickle._Unpickler):
    """Opcodes -> inert objects. ``content`` is the whole file, so no length can exceed it."""

    dispatch: Any = dict(pickle._Unpickler.dispatch)

    def __init__(self, content: bytes) -> None:
        self.file = io.BytesIO(content)
        self.size = len(content)
        super().__init__(self.file)

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name; ValueError for any other."""
        whole = f"{module}.{name}"
        if whole not in _KNOWN:
            raise ValueError(f"it names {whole}, which is not among the few names of k-means")
        return _KNOWN[whole]

    def get_extension(self, code: int) -> None:
        """Names by number, which other code registers: none."""
        raise ValueError("it names code by an extension number")

    def persistent_load(self, pid: Any) -> Any:
        """Objects outside the file: none."""
        raise ValueError("it refers to objects outside the file")

    def _build(self) -> None:
        if not isinstance(self.stack[-2], _Inert):  # type: ignore[attr-defined]
            raise ValueError("it gives a state to what is no object")
        super().load_build()  # type: ignore[misc]
        made = self.stack[-1]  # type: ignore[attr-defined]
        if isinstance(made, _Announced) and isinstance(made.state, dict):
            if made.state.get("numpy_array_alignment_bytes") is not None:
                self.file.read(int.from_bytes(self.file.read(1), "little"))
            size = prod(int(n) for n in made.state["shape"])
            made.content = self.file.read(size * made.state["dtype"].to_numpy().itemsize)

    def _bytearray(self) -> None:
        (size,) = np.frombuffer(self.read(8), "<u8").tolist()  # type: ignore[attr-defined]
        if size > self.size:
            raise ValueError(f"{size} bytes in a file of {self.size}")
        self.append(bytearray(self.read(size)))  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray


def read_estimator(path: str | Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of numbers among the attributes of a pickled k-means estimator, by name.

    Raises:
        CheckpointCorruptError: for a file that is damaged, compressed, or no k-means of
            scikit-learn, and for one that names anything else: nothing of it was executed.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"larger than {_LARGEST >> 20} MiB")
        found = _Reader(path.read_bytes()).load()
        if not isinstance(found, _Estimator) or not isinstance(found.state, dict):
            raise ValueError("what it holds is no k-means estimator")
        kinds = (_Array, _Buffer, _Announced)
        arrays = {str(k): v for k, v in found.state.items() if isinstance(v, kinds)}
        return {name: array.to_numpy() for name, array in arrays.items()}
    except Exception as error:  # damaged pickles raise nearly anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointCorruptError(
            f"{path} is refused as a pickled k-means estimator: {reason}. Nothing of it was "
            "executed. The centroids alone, saved with numpy.save, are welcome instead."
        ) from error
