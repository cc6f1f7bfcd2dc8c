"""kill -9 at random moments: a re-run finishes the job with every item once."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bulk_sets import folder_set, job_for, tiny_model

import zoo
from zoo.bulk.resources import Resources
from zoo.bulk.run import tokenize

ROOT = Path(__file__).parent.parent
KILLS = 20

# One process loads torch and the model once, then forks a child per attempt and kills it.
ATTEMPTS = """
import json, os, random, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)  # a forked child must not look for threads that only its parent has
import zoo
from zoo.bulk.job import Job
from zoo.bulk.run import tokenize

job, out, kills = Job(**json.loads(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
tok = zoo.load(job.model)
random.seed(0)
ended = []
for _ in range(kills):
    child = os.fork()
    if child == 0:
        try:
            tokenize(job, out, tok=tok)
        finally:
            os._exit(0)
    time.sleep(random.uniform(0.0, 0.25))
    os.kill(child, signal.SIGKILL)
    ended.append(os.WIFSIGNALED(os.waitpid(child, 0)[1]))
    parts = list((out / "tokens").glob("part-*"))
    if len(parts) * job.unit_size >= 60:
        for path in parts[::2]:
            path.unlink()  # start over with some: there should be something to kill
print(sum(ended))
"""


def test_killed_at_random_moments(tmp_path: Path) -> None:
    card = tiny_model(tmp_path / "model")
    job = job_for(card, folder_set(tmp_path / "set", 60, broken=7), unit_size=3)
    out = tmp_path / "out"
    command = [sys.executable, "-c", textwrap.dedent(ATTEMPTS)]
    done = subprocess.run(
        [*command, json.dumps(vars(job)), str(out), str(KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= KILLS // 3  # most were killed while they worked
    summary = tokenize(job, out)
    assert (summary.complete, summary.rows, summary.errors) == (True, 59, 1)
    tokenize(job, tmp_path / "undisturbed")
    assert files(out) == files(tmp_path / "undisturbed")
    assert not list(out.rglob(".zoo-*"))
    keys = zoo.TokenDataset(out).keys
    assert len(set(keys)) == len(keys) == 59


def files(folder: Path) -> dict[str, bytes]:
    found = [*folder.glob("tokens/*"), *folder.glob("errors/*")]
    return {path.name: path.read_bytes() for path in sorted(found)}


def test_a_ray_cluster_writes_the_same_files(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    card = tiny_model(tmp_path / "model")
    job = job_for(card, folder_set(tmp_path / "set", 40, broken=3), unit_size=2)
    out = tmp_path / "cluster"
    killer = ThreadPoolExecutor(1).submit(kill_an_actor, out)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        summary = tokenize(job, out, Resources(engine="ray", actors=2, cores=1))
    finally:
        ray.shutdown()
    assert killer.result(1) > 0  # it saw actors at work, and killed one
    assert (summary.complete, summary.rows, summary.errors) == (True, 39, 1)
    tokenize(job, tmp_path / "local")
    assert files(out) == files(tmp_path / "local")


def kill_an_actor(out: Path) -> int:
    """As soon as the first unit is there."""
    for _ in range(60000):  # ten minutes: Ray starts slowly on a busy machine
        if list(out.glob("tokens/part-*")):
            found = actor_processes()
            os.kill(found[0], signal.SIGKILL)
            return len(found)
        time.sleep(0.01)
    return 0


def actor_processes() -> list[int]:
    """Process numbers of the actors, by the titles that Ray gives its processes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            title = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::_Worker"):
            found.append(int(entry.name))
    return found
