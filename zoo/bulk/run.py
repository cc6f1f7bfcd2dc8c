"""``zoo tokenize``: a data set -> Parquet files of tokens; run again to go on where it stopped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ZooError
from ..tokenizer import Tokenizer
from .job import Job
from .journal import Journal, Record
from .local import run_local
from .lock import one_at_a_time, only_writer, remove_leftovers
from .manifest import Manifest
from .opening import open_manifest, open_tokenizer, source_of
from .progress import Progress
from .resources import Resources


@dataclass(frozen=True)
class Summary:
    """What stands in an output folder."""

    units: int
    units_done: int
    items: int
    rows: int
    errors: int
    ids: int
    bits: float
    bytes: int

    @property
    def complete(self) -> bool:
        """Whether every item has its row, of tokens or of an error."""
        return self.units == self.units_done


def tokenize(
    job: Job,
    folder: Path,
    resources: Resources | None = None,
    *,
    retry_errors: bool = False,
    progress: bool = False,
    as_json: bool = False,
    tok: Tokenizer | None = None,
) -> Summary:
    """Do what is left of a job; safe to call again however an earlier call ended.

    Args:
        job: what to tokenize, and how.
        folder: of the output; made if it is not there.
        resources: where it runs; this machine's CPU by default.
        retry_errors: do units again in which an item could not be read; a unit whose items fail
            as before stays as it is.
        progress: show a bar.
        as_json: print progress as lines of JSON instead.
        tok: the tokenizer of the local engine, where it is loaded already.

    Raises:
        MediaError: for a source that cannot be listed. An item that cannot be read is a row of
            the errors instead.
        TokenError: where the folder belongs to another job.
        ZooError: where another process writes into it, or the disk is full.
    """
    resources = resources or Resources()
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder, resources.rank):
        if resources.world == 1:
            remove_leftovers(folder)
        with one_at_a_time(folder):  # ranks that start together list the source once
            job.save(folder)
            manifest = open_manifest(folder, job, progress=progress)
        journal = Journal(folder, resources.rank)
        done = journal.done()
        mine = range(resources.rank, manifest.units, resources.world)
        if retry_errors:
            done = {unit: record for unit, record in done.items() if not record.errors}
        pending = [unit for unit in mine if unit not in done]
        if pending:
            before = sum(manifest.unit_items(unit) for unit in mine if unit in done)
            total = sum(map(manifest.unit_items, mine))
            bar = Progress(total, before, show=progress, as_json=as_json)
            try:
                for record in _records(job, folder, manifest, pending, resources, tok):
                    journal.append(record)
                    bar.add(record)
            except OSError as error:
                raise ZooError(
                    f"{folder}: {error.strerror or error}. Nothing is half-written: mend that and "
                    "run the same command again to go on"
                ) from error
            finally:
                bar.close()
        summary = summarise(manifest, journal)
        if summary.complete:
            remove_leftovers(folder)
        return summary


def summarise(manifest: Manifest, journal: Journal) -> Summary:
    """Add up the units whose files verify."""
    records = list(journal.done().values())
    return Summary(
        units=manifest.units,
        units_done=len(records),
        items=manifest.items,
        rows=sum(record.rows for record in records),
        errors=sum(record.errors for record in records),
        ids=sum(record.ids for record in records),
        bits=sum(record.bits for record in records),
        bytes=sum(record.bytes for record in records),
    )


def _records(
    job: Job,
    folder: Path,
    manifest: Manifest,
    units: Sequence[int],
    resources: Resources,
    tok: Tokenizer | None,
) -> Iterator[Record]:
    if resources.engine == "ray":
        from .cluster import run_on_ray

        return run_on_ray(job, folder, units, resources)
    tok = tok or open_tokenizer(job, resources.device)
    return run_local(tok, job, folder, manifest, source_of(job, manifest), units, resources)
