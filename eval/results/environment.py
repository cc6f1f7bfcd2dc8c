"""Code and machine that made a result."""

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from PIL import features

import zoo

from ..speed.machine import cpu_model

PACKAGES = (
    "torch", "torchvision", "torchaudio", "numpy", "pillow", "soundfile", "av",
    "transformers", "diffusers",
)  # fmt: skip


def code() -> dict[str, Any]:
    """Version of this library and, in a checkout, its commit and whether files differ from it."""
    facts: dict[str, Any] = {"zoo": zoo.__version__, "commit": None, "dirty": None}
    root = Path(zoo.__file__).parent.parent
    if not (root / ".git").exists():
        return facts
    try:
        facts["commit"] = _git(root, "rev-parse", "HEAD").strip()
        changes = _git(root, "status", "--porcelain", "--untracked-files=no")
        facts["dirty"] = bool(changes)
        if changes:
            diff = _git(root, "diff", "HEAD")
            facts["diff_sha256"] = hashlib.sha256(diff.encode()).hexdigest()
    except (OSError, subprocess.SubprocessError):
        pass  # no git here, or a repository it refuses to read
    return facts


def environment(device: str) -> dict[str, Any]:
    """Interpreter, libraries, device and the settings of torch that can change figures."""
    place = torch.device(device)
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "libjpeg": features.version("jpg"),
        "device": place.type,
        "device_name": cpu_model(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }
    if place.type == "cuda":
        facts["device_name"] = torch.cuda.get_device_name(place)
        facts["cuda"] = torch.version.cuda
        facts["cudnn"] = torch.backends.cudnn.version()
        facts["tf32"] = False  # encode and decode switch it off
    return facts


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
