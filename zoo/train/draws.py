"""Random numbers that follow from what they are drawn for, and from nothing before them."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def generator(*purpose: object) -> torch.Generator:
    """A generator on the CPU whose seed is made of numbers and names."""
    return torch.Generator().manual_seed(_seed(purpose))


@contextmanager
def seeded(*purpose: object) -> Iterator[None]:
    """Weights that are made inside follow from ``purpose``; torch's own generator stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_seed(purpose))
        yield


def _seed(purpose: tuple[object, ...]) -> int:
    digest = hashlib.sha256(json.dumps(purpose).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
