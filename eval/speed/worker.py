"""A fresh process for one measurement: ``python -m zoo.eval.speed.worker JOB RESULT``.

Both are JSON files. An error on purpose becomes a result with ``error`` in it.
"""

import json
import sys
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

from .job import Job


def run(job: Job) -> dict[str, Any]:
    """Measure in this process."""
    if job.kind == "parts":
        from .parts import measure_parts

        return measure_parts(job)
    if job.kind == "agreement":
        from .agreement import measure_agreement

        return measure_agreement(job)
    if job.kind == "against":
        from .against import measure_against

        return measure_against(job)
    from .verbs import measure_verb

    return measure_verb(job)


def main(given: str, wanted: str) -> None:
    """Read a job, write its result."""
    job = Job(**json.loads(Path(given).read_text(encoding="utf-8")))
    try:
        result = run(job)
    except ZooError as error:
        result = {"error": {"type": type(error).__name__, "message": str(error)}}
    Path(wanted).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
