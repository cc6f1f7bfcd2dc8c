"""Running a measurement in a process of its own, so that memory peaks do not mix."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zoo
from zoo import errors

from .job import Job

WORKER = f"{__package__}.worker"


def in_fresh_process(job: Job, said: set[str]) -> dict[str, Any]:
    """The result of a job. ``said`` collects the lines of stderr, to show each of them once.

    Raises:
        ZooError: what the measurement itself raised, or that its process died.
    """
    with TemporaryDirectory(prefix="zoo-bench-") as folder:
        given, wanted = Path(folder, "job.json"), Path(folder, "result.json")
        given.write_text(json.dumps(job.to_dict()), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", WORKER, str(given), str(wanted)],
            env=_environment(job),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = done.stderr.splitlines()
        if done.returncode or not wanted.is_file():
            raise errors.ZooError(_what_happened(job, done.returncode, lines))
        for line in lines:
            if line not in said:
                said.add(line)
                print(line, file=sys.stderr)
        result = json.loads(wanted.read_text(encoding="utf-8"))
    if "error" in result:
        kind = getattr(errors, result["error"]["type"], errors.ZooError)
        raise kind(result["error"]["message"])
    return result


def _environment(job: Job) -> dict[str, str]:
    """This process's, with this very package in reach, and the threads fixed before torch loads."""
    assert zoo.__file__ is not None
    paths = [str(Path(zoo.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    changed = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    if job.threads is not None:
        changed["OMP_NUM_THREADS"] = str(job.threads)
    return os.environ | changed


def _what_happened(job: Job, code: int, lines: list[str]) -> str:
    if code < 0:
        return (
            f"measuring {job.kind} of {job.name} was killed by signal {-code}; if memory ran out, "
            f"try a smaller --batch than {job.batch}"
        )
    last = lines[-1] if lines else f"exit code {code}"
    return f"measuring {job.kind} of {job.name} failed: {last}"
