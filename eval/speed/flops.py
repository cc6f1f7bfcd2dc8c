"""Floating-point operations: how many a call does, and how many a second the machine can."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from .sidebyside import interleave

MATMUL_SIDE = {"cpu": 2048, "cuda": 8192}
MATMUL_CALLS = 8


def count_flops(call: Callable[[], object]) -> int:
    """Matrix products, convolutions and attention of one call; a multiply-add counts as two."""
    with flop_counter() as counter:
        call()
    return counter.get_total_flops()


def flop_counter() -> FlopCounterMode:
    """torch's counter, silent, which counts the CPU's fused attention, too."""
    mapping = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}
    return FlopCounterMode(display=False, custom_mapping=mapping)


def _attention(query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """The CPU's fused kernel, which torch's counter does not know; arguments are shapes."""
    batch, heads, queries, size = query
    return 2 * batch * heads * queries * key[-2] * (size + value[-1])


def matmul_peak(
    device: str, dtype: torch.dtype, clock: str, settle: Callable[[], object] | None = None
) -> float:
    """Operations per second of one big square matrix product, the best of several.

    ``clock`` ``cpu`` counts seconds of processor time: then it is the rate of one core, and does
    not suffer from other programs; ``wall`` counts real seconds, for a GPU.
    """
    side = MATMUL_SIDE[torch.device(device).type]
    random = torch.Generator().manual_seed(0)
    one, other = (torch.randn(side, side, generator=random).to(device, dtype) for _ in range(2))
    with torch.inference_mode():
        timing = interleave({"mm": lambda: one @ other}, MATMUL_CALLS, settle=settle)["mm"]
    return 2 * side**3 / timing.best(clock)
