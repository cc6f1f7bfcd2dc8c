"""Two tokenizers, or one with two sets of options, in turns in one process."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zoo.errors import NotSupportedError
from zoo.tokenizer import Tokenizer

from .job import Job
from .machine import machine_facts
from .made import made_media
from .sidebyside import SideBySide, interleave
from .subject import clock_of, open_subject, settler
from .verbs import decoding, encoding

Call = Callable[[], Any]
SETTINGS = ("dtype", "compile", "prefix", "random_weights")
"""What ``--other`` may say of the second one besides options of its verbs."""


def second(job: Job) -> Job:
    """The job of the other side: its name, and what ``--other`` said; nothing else is its own."""
    assert job.against is not None
    own = {name: value for name, value in job.other.items() if name in SETTINGS}
    options = {name: value for name, value in job.other.items() if name not in SETTINGS}
    return replace(job, name=job.against, options=options, **own)


def measure_against(job: Job) -> dict[str, Any]:
    """Encode and decode the same made-up media with both, call by call in turns; plain JSON.

    A busy machine hits both alike, so ratios hold where seconds do not. Each decodes its own ids.

    Raises:
        NotSupportedError: for tokenizers of two modalities.
    """
    jobs = (job, second(job))
    toks = [open_subject(one) for one in jobs]
    if toks[0].modality != toks[1].modality:
        raise NotSupportedError(
            f"{toks[0].name} is for {toks[0].modality}, {toks[1].name} for {toks[1].modality}: "
            "the two need the same media"
        )
    names = [label(tok, one) for tok, one in zip(toks, jobs, strict=True)]
    if names[0] == names[1]:
        names = [f"{name} ({number})" for number, name in enumerate(names, 1)]
    media = made_media(toks[0], job.batch, job.seconds, job.seed)
    found: list[dict[str, Any]] = []
    skipped: list[str] = []
    for verb in (job.only,) if job.only else ("encode", "decode"):
        lacking = [tok.name for tok in toks if not getattr(tok, f"can_{verb}")]
        if lacking:
            skipped.append(f"{lacking[0]} cannot {verb}")
            continue
        calls: dict[str, Call] = {}
        for name, tok, one in zip(names, toks, jobs, strict=True):
            encode = encoding(tok, replace(one, kind="encode"), media)
            calls[name] = (
                encode if verb == "encode" else decoding(tok, replace(one, kind=verb), encode)
            )
        done = interleave(calls, job.repeat, settle=settler(job.device))
        found.append(_verb(verb, names, done, job))
    return {
        "against": found,
        "skipped": skipped,
        "machine": machine_facts(job.device),
        "checkpoint": toks[0].name,
    }


def label(tok: Tokenizer, job: Job) -> str:
    """A side's name and what is special about it."""
    words = [f"{name}={value}" for name, value in job.options.items()]
    words += [job.dtype] if job.dtype != "float32" else []
    words += ["compiled"] if job.compile else []
    words += [f"prefix {job.prefix}"] if job.prefix is not None else []
    words += ["random weights"] if job.random_weights else []
    return f"{tok.name} ({', '.join(words)})" if words else tok.name


def _verb(verb: str, names: list[str], done: SideBySide, job: Job) -> dict[str, Any]:
    clock = clock_of(job.device)
    sides = [
        {
            "name": name,
            "items_per_s": job.batch / done[name].best("wall"),
            "cpu_s_per_item": done[name].best("cpu") / job.batch,
            "cpu_s_per_item_median": done[name].median("cpu") / job.batch,
        }
        for name in names
    ]
    return {
        "verb": verb,
        "batch": job.batch,
        "sides": sides,
        "clock": clock,
        "ratio": done.ratio(names[1], names[0], clock),
        "ratio_median": done.median_ratio(names[1], names[0], clock),
    }
