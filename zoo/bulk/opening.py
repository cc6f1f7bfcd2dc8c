"""A job's listing, source and tokenizer, as every engine opens them."""

from pathlib import Path

import torch

from ..loading import load
from ..registry import find
from ..tokenizer import Tokenizer
from .job import Job
from .manifest import Manifest, write_manifest
from .sources import Source, open_source

MANIFEST = "manifest.parquet"


def open_manifest(folder: Path, job: Job, *, progress: bool = False) -> Manifest:
    """The job's listing, made now if it is not there."""
    path = folder / MANIFEST
    if not path.exists():
        write_manifest(source_of(job), path, limit=job.limit, progress=progress)
    return Manifest(path, job.unit_size)


def source_of(job: Job, manifest: Manifest | None = None) -> Source:
    """Where the job's media are; with a listing, of the kind that was listed.

    What a folder holds may have changed since: our own output below it, above all.
    """
    kind = job.kind if manifest is None else manifest.kind
    return open_source(
        job.source, job.modality, kind=kind, column=job.column, key_column=job.key_column
    )


def open_tokenizer(job: Job, device: str) -> Tokenizer:
    """The job's model, with the part that encode needs."""
    only = "encode" if find(job.model).can_decode else None
    return load(job.model, device=device, dtype=getattr(torch, job.dtype), only=only)
