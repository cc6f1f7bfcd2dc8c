"""Several processes under a launcher train one checkpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from samples import picture

import zoo

HERE = Path(__file__).parent
QUIET = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # on CPUs, also where a GPU is


@pytest.mark.parametrize("device", ["cpu", "what is found"])
def test_two_processes_train_one_checkpoint(tmp_path: Path, device: str) -> None:
    (tmp_path / "data").mkdir()
    for index in range(8):
        name = f"{'val' if index > 5 else 'a'}-{index}.png"
        picture(40, 50, index).save(tmp_path / "data" / name)
    out = tmp_path / "of both"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    script = [str(HERE / "train_together.py"), str(tmp_path / "data"), str(out), device]
    places = f"{HERE.parent}{os.pathsep}{HERE}"
    done = subprocess.run(
        [*launcher, *script],
        env=os.environ | {"PYTHONPATH": places, **QUIET},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = [line.split() for line in done.stdout.splitlines()]
    assert sorted(rank for rank, _ in told) == ["0", "0", "1", "1"]
    # Each drew other pictures: their weights are equal after a stage by what they told each other.
    assert len({mark for _, mark in told}) == 2
    assert zoo.load(out).encode(picture(40, 50, 0)).lengths.tolist() == [16]
    lines = (out / "flow" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 6]  # one of them wrote
