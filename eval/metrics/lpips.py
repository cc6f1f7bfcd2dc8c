"""Learned perceptual image patch similarity (Zhang et al. 2018), version 0.1."""

import warnings
from pathlib import Path
from typing import Any

import torch

from zoo.errors import CheckpointCorruptError
from zoo.weights import read_tensors

from .base import Column, SampleMetric, Unmeasurable, weights_of
from .pair import Pair
from .weights import PublishedFile

TRUNKS = {
    "alex": PublishedFile(
        "LPIPS's AlexNet",
        ("alexnet-owt-7be5be79.pth",),
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "--lpips-alex",
    ),
    "vgg": PublishedFile(
        "LPIPS's VGG16",
        ("vgg16-397923af.pth",),
        "https://download.pytorch.org/models/vgg16-397923af.pth",
        "--lpips-vgg",
    ),
}
"""torchvision's ImageNet weights; the heads on top of them come with the package."""
SMALLEST = 32


class Lpips(SampleMetric):
    """LPIPS by one of two networks, which give different numbers; of a video the frames' mean."""

    package = "lpips"

    def __init__(
        self, trunk: str, path: Path | None, device: str = "cpu", *, download: bool = False
    ) -> None:
        """Load the network.

        Raises:
            CheckpointUnavailableError: saying what is missing and where to put it.
            CheckpointCorruptError: for weights of something else.
        """
        from lpips import LPIPS

        self.trunk, self.device = trunk, device
        self.columns = {f"lpips_{trunk}": Column("", False)}
        self.path = TRUNKS[trunk].find(path, download=download)
        with warnings.catch_warnings():  # of torchvision, about how lpips calls it
            warnings.simplefilter("ignore", UserWarning)
            network = LPIPS(net=trunk, pnet_rand=True, verbose=False)
        tensors = read_tensors(self.path)
        try:
            # slice2.3.weight of lpips is features.3.weight of torchvision
            own = {
                key: tensors[f"features.{key.split('.', 1)[1]}"] for key in network.net.state_dict()
            }
            network.net.load_state_dict(own)
        except (KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointCorruptError(
                f"{self.path}: not the weights of {TRUNKS[trunk].what}: {reason}"
            ) from error
        self.network = network.eval().requires_grad_(False).to(device)

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"trunk": self.trunk, "version": "0.1", "range": "-1..1", "precision": "float32"}

    @property
    def weights(self) -> dict[str, str]:
        """The trunk's file."""
        return weights_of(self.path)

    @torch.no_grad()
    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = (x.float().to(self.device) * 2 - 1 for x in pair.pixels())
        if min(reference.shape[2:]) < SMALLEST:
            raise Unmeasurable("TooSmall", f"needs {SMALLEST} pixels on each side")
        return {f"lpips_{self.trunk}": float(self.network(reference, decoded).mean())}
