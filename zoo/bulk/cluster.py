"""The same units on a Ray cluster: one actor per model, one call per unit, our own files.

Ray moves unit numbers and journal records, never media: actors read the source and write the
output themselves, so both must be reachable from every machine. Ray's own ``write_parquet`` is not
used: a re-run of it appends, and one bad item costs a block.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ZooError
from .job import Job
from .journal import Record
from .needs import needs
from .resources import Resources

RETRIES = 8  # deaths of an actor that one unit may see; then it is the unit that kills


def run_on_ray(
    job: Job, folder: Path, units: Sequence[int], resources: Resources
) -> Iterator[Record]:
    """Do the units in any order; an actor that dies is started again and its unit done again.

    Raises:
        NotSupportedError: where Ray is not installed.
        ZooError: where an actor cannot start, or dies again and again at the same unit.
    """
    ray = needs("ray", "ray")
    started = not ray.is_initialized()
    if started:
        ray.init(address=resources.address, log_to_driver=False, include_dashboard=False)
    try:
        remote = ray.remote(
            num_gpus=resources.gpus,
            num_cpus=resources.cores,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )(_Worker)
        count = min(resources.actors, len(units))
        pool = [remote.remote(job, str(folder.absolute()), resources) for _ in range(count)]
        yield from _spread(ray, pool, units)
    finally:
        if started:
            ray.shutdown()


def _spread(ray: Any, pool: list[Any], units: Sequence[int]) -> Iterator[Record]:
    """Two units per actor are under way: one runs, one waits, so that none stands still."""
    queue = iter(units)
    busy: dict[Any, Any] = {}

    def start(actor: Any) -> None:
        unit = next(queue, None)
        if unit is not None:
            busy[actor.run.remote(unit)] = actor

    for _ in range(2):
        for actor in pool:
            start(actor)
    while busy:
        done, _ = ray.wait(list(busy), num_returns=1)
        actor = busy.pop(done[0])
        try:
            record = ray.get(done[0])
        except ray.exceptions.RayActorError as error:  # not what a unit itself raised
            raise _death(error) from error
        start(actor)
        yield record


def _death(error: Exception) -> ZooError:
    return ZooError(
        f"a Ray actor could not start, or died {RETRIES + 1} times at the same unit: {error}"
    )


class _Worker:
    """An actor: a model, and the unit function."""

    def __init__(self, job: Job, folder: str, resources: Resources) -> None:
        from .opening import open_manifest, open_tokenizer, source_of

        self.job, self.folder, self.resources = job, Path(folder), resources
        self.manifest = open_manifest(self.folder, job)
        self.source = source_of(job, self.manifest)
        self.tok = open_tokenizer(job, "cuda" if resources.gpus else "cpu")

    def run(self, unit: int) -> Record:
        from .local import run_local

        given = (self.tok, self.job, self.folder, self.manifest, self.source, [unit])
        (record,) = run_local(*given, self.resources)
        return record
