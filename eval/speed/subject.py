"""What is measured: a tokenizer as a job asks for it."""

from collections.abc import Callable

import torch

from zoo.errors import NotSupportedError
from zoo.loading import load, load_random
from zoo.tokenizer import Tokenizer

from .job import Job
from .memory import touch


def open_subject(job: Job, dtype: str | None = None) -> Tokenizer:
    """Load the tokenizer, with its weights in memory.

    Raises:
        NotSupportedError: for a device that is not there.
    """
    if job.threads is not None:
        torch.set_num_threads(job.threads)
    kind = torch.device(job.device).type
    if kind not in ("cpu", "cuda"):
        raise NotSupportedError(f"zoo bench measures on cpu and cuda; not on {job.device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise NotSupportedError(f"device {job.device!r}: there is no CUDA device here")
    opener = load_random if job.random_weights else load
    tok = opener(
        job.name,
        device=job.device,
        dtype=getattr(torch, dtype or job.dtype),
        compile=job.compile,
    )
    touch(tok.module)
    return tok


def clock_of(device: str) -> str:
    """The clock that counts: processor time on the CPU, real time on a device beside it."""
    return "cpu" if torch.device(device).type == "cpu" else "wall"


def settler(device: str) -> Callable[[], object] | None:
    """What waits until a device has done its work."""
    if torch.device(device).type != "cuda":
        return None
    return lambda: torch.cuda.synchronize(device)
