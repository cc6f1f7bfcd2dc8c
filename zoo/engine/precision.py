"""fp32 that means fp32."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, cast

import torch

_lock = Lock()
_inside = 0  # calls that are under way, in all threads
_before: list[str] = []


@contextmanager
def full_fp32(device: torch.device) -> Iterator[None]:
    """Without TF32 on CUDA for the duration; the user's settings come back afterwards.

    The settings are the process's, so the first call that enters puts them aside and the last
    one that leaves brings them back, whatever threads they run in.
    """
    if device.type != "cuda":
        yield
        return
    global _inside
    with _lock:
        if _inside == 0:
            _before[:] = [backend.fp32_precision for backend in _backends()]
            for backend in _backends():
                backend.fp32_precision = "ieee"
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                for backend, setting in zip(_backends(), _before, strict=True):
                    backend.fp32_precision = setting


def _backends() -> list[Any]:
    cuda, cudnn = torch.backends.cuda, cast(Any, torch.backends.cudnn)
    return [cuda.matmul, cudnn.conv, cudnn.rnn]
