"""A golden case: recorded weights, inputs and outputs, and a ledger of what was compared."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from zoo.weights import KeyTable, fill

Config = TypeVar("Config")
Model = TypeVar("Model", bound=nn.Module)

GOLDEN = Path(__file__).parent / "golden"


def find_cases(root: Path) -> Iterator[Path]:
    """Folders of cases at any depth: those with a config.json."""
    yield from sorted(path.parent for path in root.rglob("config.json"))


class Case:
    """One folder; every recorded tensor must end up compared, used as input, or excused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.seen: set[str] = set()

    @cached_property
    def state(self) -> dict[str, Tensor]:
        """Weights under upstream's names."""
        return self._merged("state*.safetensors")

    @cached_property
    def io(self) -> dict[str, Tensor]:
        """Inputs, stages and outputs."""
        return self._merged("io*.safetensors")

    def model(self, build: Callable[[Config], Model], config: Config, keys: KeyTable) -> Model:
        """What ``build`` makes of ``config``, with the recorded weights."""
        with torch.device("meta"):
            model = build(config)
        fill(model, [self.state], keys)
        return model.eval()

    def _merged(self, pattern: str) -> dict[str, Tensor]:
        files = sorted(self.folder.glob(pattern))
        return {name: tensor for file in files for name, tensor in load_file(file).items()}

    def input(self, name: str) -> Tensor:
        """A recorded tensor that goes in."""
        self.seen.add(name)
        return self.io[name]

    def equal(self, name: str, ours: Tensor) -> None:
        """Integers: exactly equal."""
        self.seen.add(name)
        theirs = self.io[name]
        assert ours.shape == theirs.shape, f"{name}: {ours.shape} against {theirs.shape}"
        different = int((ours != theirs).sum())
        assert different == 0, f"{name}: {different} of {theirs.numel()} differ"

    def close(self, name: str, ours: Tensor, atol: float) -> None:
        """Floats: within an absolute tolerance everywhere."""
        self.seen.add(name)
        theirs = self.io[name]
        assert ours.shape == theirs.shape, f"{name}: {ours.shape} against {theirs.shape}"
        worst = (ours.double() - theirs.double()).abs().max().item()
        assert worst <= atol, f"{name}: off by {worst:.3g}, tolerance {atol:g}"

    def excuse(self, name: str, reason: str) -> None:
        """A recorded tensor that is not compared, and why."""
        assert reason
        self.seen.add(name)

    def assert_complete(self) -> None:
        """Fail if a recorded tensor was neither compared, used nor excused."""
        left = sorted(set(self.io) - self.seen)
        assert not left, f"recorded, but neither compared nor excused: {left}"
