"""Where the time goes: the parts that a family lists in its ``bench`` module, side by side."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch

from zoo.errors import NotSupportedError
from zoo.families import family_module
from zoo.tokenizer import Tokenizer

from .flops import count_flops, matmul_peak
from .job import Job
from .machine import machine_facts
from .memory import PeakMemory
from .sidebyside import interleave
from .subject import clock_of, open_subject, settler

MODULE = "bench"  # <family>.bench: parts(tok, batch_size, prefix) -> {name: callable}


def measure_parts(job: Job) -> dict[str, Any]:
    """Measure each part of a family on its own; plain JSON."""
    tok = open_subject(job)
    callables = family_parts(tok, job.batch, job.prefix)
    clock, settle = clock_of(job.device), settler(job.device)
    flops: dict[str, int] = {}
    memory: dict[str, dict[str, float]] = {}
    with torch.inference_mode():
        for name, call in callables.items():
            with PeakMemory(job.device) as peak:
                flops[name] = count_flops(call)
            memory[name] = peak.to_dict()
        done = interleave(callables, job.repeat, warmup=int(job.compile), settle=settle)
    top = matmul_peak(job.device, tok.dtype, clock, settle)
    rows = [
        {
            "part": name,
            "batch": job.batch,
            "s_per_call": done[name].best("wall"),
            "cpu_s_per_call": done[name].best("cpu"),
            "cpu_s_per_call_median": done[name].median("cpu"),
            "gflop_per_call": flops[name] / 1e9,
            "share_of_matmul_peak": flops[name] / done[name].best(clock) / top,
            **memory[name],
        }
        for name in callables
    ]
    return {
        "parts": rows,
        "matmul_gflop_per_s": top / 1e9,
        "machine": machine_facts(job.device),
        "checkpoint": tok.name,
    }


def family_parts(
    tok: Tokenizer, batch_size: int, prefix: int | None
) -> dict[str, Callable[[], object]]:
    """What the family's ``bench.parts`` returns.

    Raises:
        NotSupportedError: if the family has no such module.
    """
    name = f"{family_module(tok.family).__name__}.{MODULE}"
    if find_spec(name) is None:
        raise NotSupportedError(
            f"the family {tok.family} lists no parts: it has no {MODULE}.py with a function "
            "parts(tok, batch_size, prefix); run without --parts"
        )
    return import_module(name).parts(tok, batch_size, prefix)
