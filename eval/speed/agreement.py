"""Do ids stay the same in another number format? The share that does, per position."""

from typing import Any

import torch

from zoo.errors import NotSupportedError
from zoo.tokenizer import Tokenizer
from zoo.tokens import Tokens

from .job import Job
from .machine import machine_facts
from .made import made_media
from .pictures import folder_pictures
from .sidebyside import SideBySide, interleave
from .subject import clock_of, open_subject, settler

EXACT = "float32"


def measure_agreement(job: Job) -> dict[str, Any]:
    """Encode the same media in fp32 and in ``job.other_dtype``; plain JSON.

    Both have the same weights, those of the other format rounded to it.
    """
    if job.other_dtype == EXACT:
        raise NotSupportedError("agreement with float32 itself: name another dtype")
    exact, other = open_subject(job, EXACT), open_subject(job, job.other_dtype)
    media = _media(exact, job)
    found: dict[str, Tokens] = {}

    def encode(name: str, tok: Tokenizer) -> None:
        found[name] = tok.encode(media, prefix=job.prefix, batch_size=job.batch)

    done = interleave(
        {
            EXACT: lambda: encode(EXACT, exact),
            job.other_dtype: lambda: encode(job.other_dtype, other),
        },
        job.repeat,
        warmup=0,
        settle=settler(job.device),
    )
    return {
        **agreement(found[EXACT], found[job.other_dtype]),
        "dtype": job.other_dtype,
        "pictures": job.images or f"made from seed {job.seed}",
        "speedup": speedup(done, job),
        "machine": machine_facts(job.device),
        "checkpoint": exact.name,
    }


def agreement(one: Tokens, other: Tokens) -> dict[str, Any]:
    """Shares of equal ids of two encodings of the same items.

    ``share`` is over all ids; ``per_position`` over items and slots; ``up_to_position`` counts an
    item only while all its ids so far are equal; ``items_equal`` are items without a difference.
    Few ``distinct_ids``, as random weights give, make agreement easy.
    """
    if one.codes.shape != other.codes.shape or not torch.equal(one.lengths, other.lengths):
        raise NotSupportedError("agreement: the two encodings differ in length, not only in ids")
    there = (one.codes >= 0) | (other.codes >= 0)
    same = (one.codes == other.codes) | ~there
    run = same.all(dim=1).cumprod(dim=-1).bool()  # [item, position]
    counts = there.sum(dim=(0, 1))
    return {
        "items": len(one),
        "ids": int(there.sum()),
        "distinct_ids": len(one.codes[there].unique()),
        "share": float((same & there).sum() / there.sum()),
        "items_equal": int(run[:, -1].sum()),
        "per_position": ((same & there).sum(dim=(0, 1)) / counts.clamp(min=1)).tolist(),
        "up_to_position": run.float().mean(dim=0).tolist(),
    }


def speedup(done: SideBySide, job: Job) -> float:
    """How many times faster the other format encodes, by the fastest calls."""
    return done.ratio(EXACT, job.other_dtype, clock_of(job.device))


def _media(tok: Tokenizer, job: Job) -> Any:
    if job.images is not None:
        return folder_pictures(job.images, job.limit)
    return made_media(tok, job.limit, job.seconds, job.seed)
