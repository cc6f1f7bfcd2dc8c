"""What a call of a run costs: seconds, and on request its floating-point operations."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from ..metrics.base import implementation
from ..speed.flops import flop_counter
from .chunk import Chunk

COUNTED = "matrix products, convolutions and attention by the shapes that ran"


@contextmanager
def metered(
    chunk: Chunk, name: str, items: int, device: torch.device, flops: bool
) -> Iterator[None]:
    """Add what happens inside to ``chunk.seconds[name]``, and its operations to ``name flops``.

    Counting slows a call down a little, so seconds of such a run are upper bounds.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    with flop_counter() if flops else nullcontext() as counter:
        yield
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    chunk.spend(name, items, time.perf_counter() - wall, time.process_time() - cpu)
    if counter is not None:
        chunk.spend(f"{name} flops", items, counter.get_total_flops(), 0.0)


def flops_entries(whole: Chunk, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Figures per item, ``encode_gflop`` and ``encode_gmac``, of the calls that were counted.

    A multiply-add is two operations; papers that say GFLOPs often mean GMAC.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        if f"{name} flops" not in whole.seconds:
            continue
        items, operations, _ = whole.seconds[f"{name} flops"]
        verb = name.partition(" ")[0]
        for unit, each in (("gflop", 1e9), ("gmac", 2e9)):
            found[f"{verb}_{unit}"] = {
                "value": operations / items / each,
                "higher_is_better": False,
                "unit": f"{'GFLOP' if unit == 'gflop' else 'GMAC'} per item",
                "n": round(items),
                "failed": 0,
                "infinite": 0,
                "std": None,
                "ci95": None,
                "ci_method": None,
                "settings": {"counted": COUNTED},
                "implementation": implementation("torch"),
                "weights": None,
            }
    return found
