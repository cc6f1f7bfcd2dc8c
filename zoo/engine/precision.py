"""fp32 that means fp32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch


@contextmanager
def full_fp32(device: torch.device) -> Iterator[None]:
    """Without TF32 on CUDA for the duration; the user's settings come back afterwards."""
    if device.type != "cuda":
        yield
        return
    cuda, cudnn = torch.backends.cuda, cast(Any, torch.backends.cudnn)
    backends: list[Any] = [cuda.matmul, cudnn.conv, cudnn.rnn]
    before = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        yield
    finally:
        for backend, setting in zip(backends, before, strict=True):
            backend.fp32_precision = setting
