"""Encode and decode as a user calls them: time, memory, share of what the machine can do."""

from collections.abc import Callable
from typing import Any

import torch

from zoo.engine.options import checked_options
from zoo.media import Media
from zoo.tokenizer import Tokenizer
from zoo.tokens import Tokens

from .flops import count_flops, matmul_peak
from .job import Job
from .machine import machine_facts
from .made import made_media
from .memory import PeakMemory
from .sidebyside import interleave
from .subject import clock_of, open_subject, settler


def measure_verb(job: Job) -> dict[str, Any]:
    """Measure ``job.kind``, one of the two verbs, on ``job.batch`` items; plain JSON.

    The first call is not timed: it counts operations and warms up. Seconds are the fastest call's.
    """
    tok = open_subject(job)
    if not getattr(tok, f"can_{job.kind}"):
        return {"skipped": f"{tok.name} cannot {job.kind}"}
    call = encoding(tok, job) if job.kind == "encode" else decoding(tok, job)
    clock, settle = clock_of(job.device), settler(job.device)
    with PeakMemory(job.device) as memory:
        flops = count_flops(call)
        if job.compile:
            call()  # counting has run it uncompiled
        timing = interleave({job.kind: call}, job.repeat, warmup=0, settle=settle)[job.kind]
    peak = matmul_peak(job.device, tok.dtype, clock, settle)
    rate = flops / timing.best(clock)
    return {
        "batch": job.batch,
        "items_per_s": job.batch / timing.best("wall"),
        "cpu_s_per_item": timing.best("cpu") / job.batch,
        "cpu_s_per_item_median": timing.median("cpu") / job.batch,
        "gflop_per_item": flops / job.batch / 1e9,
        "gflop_per_s": rate / 1e9,
        "matmul_gflop_per_s": peak / 1e9,
        "share_of_matmul_peak": rate / peak,
        **memory.to_dict(),
        "machine": machine_facts(job.device),
        "checkpoint": tok.name,
    }


def encoding(tok: Tokenizer, job: Job, media: Media | None = None) -> Callable[[], Tokens]:
    """What encodes made-up media, or ``media``, as the job says; leaves ``job.tokens`` behind."""
    if media is None:
        media = made_media(tok, job.batch, job.seconds, job.seed)
    options = _options(tok, job)

    def call() -> Tokens:
        return tok.encode(media, prefix=job.prefix, batch_size=job.batch, **options)

    if job.tokens is not None:
        call().save(job.tokens)
    return call


def decoding(
    tok: Tokenizer, job: Job, encode: Callable[[], Tokens] | None = None
) -> Callable[[], object]:
    """What decodes the tokens that the job names, or those of ``encode`` where it can."""
    options = _options(tok, job)
    tokens = encode() if encode is not None and tok.can_encode else _tokens(tok, job)
    return lambda: tok.decode(tokens, seed=job.seed, native=True, batch_size=job.batch, **options)


def _tokens(tok: Tokenizer, job: Job) -> Tokens:
    """Those that encode left, or random ids."""
    if job.tokens is not None:
        return Tokens.load(job.tokens)
    random = torch.Generator().manual_seed(job.seed)
    shape = (job.batch, tok.positions or _positions(tok, job.seconds))
    slots = [torch.randint(size, shape, generator=random) for size in tok.vocab_sizes]
    tokens = tok.tokens(torch.stack(slots, dim=1))
    return tokens if job.prefix is None else tokens.prefix(job.prefix)


def _options(tok: Tokenizer, job: Job) -> dict[str, Any]:
    """The given options that are this verb's; one that is nobody's is an error."""
    known = {option.name: option for option in tok.options}
    chosen = checked_options("bench", job.options, known, tok.name)
    return {name: value for name, value in chosen.items() if known[name].verb == job.kind}


def _positions(tok: Tokenizer, seconds: float) -> int:
    """About as many as so long a sound has, and as many as only go together."""
    step = tok.spec.crop or 1
    return step * max(1, round(seconds * (tok.token_rate or 1) / step))
