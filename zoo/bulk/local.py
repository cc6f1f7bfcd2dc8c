"""Units on this machine: threads read and prepare ahead, this one runs the model."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..tokenizer import Tokenizer
from .feed import Feed
from .guard import Guard
from .job import Job
from .journal import Record
from .manifest import Manifest
from .resources import Resources
from .sources import Source
from .unit import run_unit


def run_local(
    tok: Tokenizer,
    job: Job,
    folder: Path,
    manifest: Manifest,
    source: Source,
    units: Sequence[int],
    resources: Resources,
) -> Iterator[Record]:
    """Do the units in order; a record for each, as soon as its files are there."""
    for_prepare, _ = tok.split_options(job.options)
    feed = Feed(source, Guard(manifest.shards), tok.prepare, for_prepare, workers=resources.workers)
    for unit, items in feed.run((unit, manifest.entries(unit)) for unit in units):
        before = feed.waited
        record = run_unit(tok, job, folder, unit, items, batch_size=resources.batch_size)
        yield replace(record, waited=feed.waited - before)
