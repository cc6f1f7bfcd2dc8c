"""Frechet video distance: the Frechet distance of I3D's logits of clips.

The network is a TorchScript file that somebody has: the one that StyleGAN-V's authors published
(``i3d_torchscript.pt``), or another with the same call. Frames are brought to 224 as in
universome/fvd-comparison; published values also differ by the file, by the clips and by their
number, so all three stand in the result.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from zoo.errors import CheckpointUnavailableError, MediaError
from zoo.media.image import canonical, to_uint8

from .base import weights_of
from .distances import frechet_entry
from .sets import SetMetric

SIDE = 224
FEWEST_FRAMES = 10


class Fvd(SetMetric):
    """FVD of references and reconstructions, which are rounded to 8 bits first."""

    def __init__(self, path: Path | None, device: str = "cpu") -> None:
        """Load the network.

        Raises:
            CheckpointUnavailableError: without a path, or if there is no such TorchScript file.
        """
        if path is None:
            raise CheckpointUnavailableError(
                "FVD needs I3D as a TorchScript file: get i3d_torchscript.pt (StyleGAN-V) and pass "
                "--i3d PATH"
            )
        self.path, self.device = path, device
        try:
            with warnings.catch_warnings():  # the format is deprecated; the published file has it
                warnings.simplefilter("ignore", DeprecationWarning)
                self.network = torch.jit.load(str(path), map_location=device).eval()
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CheckpointUnavailableError(f"{path}: no TorchScript file ({reason})") from error

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "features": "i3d logits",
            "frames": "8 bits; shorter side to 224, bilinear; centre crop; -1..1",
            "covariance": "n - 1",
        }

    @property
    def weights(self) -> dict[str, str]:
        """The TorchScript file."""
        return weights_of(self.path)

    @torch.no_grad()
    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, 400] of videos [frame, 3, height, width].

        Raises:
            MediaError: for a video of fewer than 10 frames, which I3D cannot see.
        """
        found = []
        for item in items:
            if len(item) < FEWEST_FRAMES:
                raise MediaError(f"{len(item)} frames; FVD needs at least {FEWEST_FRAMES}")
            clip = prepared(item)[None].to(self.device)
            logits = self.network(clip, rescale=False, resize=False, return_features=True)
            found.append(logits[0].float().cpu())
        return torch.stack(found)

    def figures(self, reference: Tensor, decoded: Tensor) -> dict[str, dict[str, Any]]:
        """The distance of the two sets."""
        return {"fvd": frechet_entry(reference, decoded)}


def prepared(video: Tensor) -> Tensor:
    """[frame, 3, height, width] -> [3, frame, 224, 224] in -1..1."""
    frames = canonical(to_uint8(video))
    height, width = frames.shape[2:]
    scale = SIDE / min(height, width)
    size = [
        SIDE if side == min(height, width) else math.ceil(side * scale) for side in frames.shape[2:]
    ]
    frames = interpolate(frames, size=size, mode="bilinear", align_corners=False)
    top, left = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    frames = frames[:, :, top : top + SIDE, left : left + SIDE]
    return (frames * 2 - 1).transpose(0, 1).contiguous()
