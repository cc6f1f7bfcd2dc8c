"""Codebooks that follow by moving averages, where several processes train one model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from moving_together import STEPS, moved, table

HERE = Path(__file__).parent


def test_processes_move_one_codebook_by_the_vectors_of_all(tmp_path: Path) -> None:
    places = f"{HERE.parent}{os.pathsep}{HERE}"
    started = [
        subprocess.Popen(
            [sys.executable, str(HERE / "moving_together.py"), str(tmp_path / "meeting"), rank],
            env=os.environ | {"PYTHONPATH": places, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    told = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    (first, with_new), other = (json.loads(line) for line in told)
    assert [first, with_new] == other
    together = moved([a + b for a, b in STEPS], least=0.0)
    assert torch.allclose(torch.tensor(first), together, atol=1e-5)
    assert not torch.allclose(together, table(), atol=1e-2)
    assert with_new != first  # unused rows were replaced, by the same vectors in both


def test_no_vectors_change_nothing() -> None:
    assert torch.equal(moved([[], []], least=2.0), table())
