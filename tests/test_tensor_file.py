"""Files of tensors: whole or not at all, and a full disk is an OSError."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from zoo.tensor_file import write_tensors

FULL = """
import resource, signal, sys, torch
from zoo.tensor_file import write_tensors
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_tensors({"x": torch.zeros(10000)}, sys.argv[1], {})
except OSError as error:
    print("OSError", "cannot be written" in str(error) or error.strerror)
"""


def test_equal_tensors_make_equal_files(tmp_path: Path) -> None:
    facts = {f"key {i}": "é" * i for i in range(8)}
    for index in range(4):
        write_tensors({"x": torch.arange(3)}, tmp_path / f"{index}.safetensors", facts)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_a_new_file_follows_the_users_mask(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_tensors({"x": torch.arange(3)}, tmp_path / "x.safetensors", {})
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit here")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"the old one")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], cwd=root, capture_output=True, text=True
    )
    assert done.stdout.startswith("OSError"), done.stderr
    assert path.read_bytes() == b"the old one"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
