"""The Inception network of FID, and the ways in which pictures are brought to its 299 pixels.

Blocks are torch-fidelity's (a port of pytorch-fid's); weights are the ones that both publish.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zoo.errors import CheckpointCorruptError
from zoo.media.image import to_uint8
from zoo.weights import read_tensors

from .weights import PublishedFile

SIDE = 299
INCEPTION = PublishedFile(
    "FID's Inception",
    ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth",
    "--inception",
)


class Inception(nn.Sequential):
    """Pictures [item, 3, 299, 299] in -1..1 -> pooled features [item, 2048]."""

    def __init__(self) -> None:
        from torch_fidelity import feature_extractor_inceptionv3 as parts

        conv, a, b, c = parts.BasicConv2d, parts.InceptionA, parts.InceptionB, parts.InceptionC
        super().__init__()
        for name, module in (
            ("Conv2d_1a_3x3", conv(3, 32, kernel_size=3, stride=2)),
            ("Conv2d_2a_3x3", conv(32, 32, kernel_size=3)),
            ("Conv2d_2b_3x3", conv(32, 64, kernel_size=3, padding=1)),
            ("MaxPool_1", nn.MaxPool2d(3, stride=2)),
            ("Conv2d_3b_1x1", conv(64, 80, kernel_size=1)),
            ("Conv2d_4a_3x3", conv(80, 192, kernel_size=3)),
            ("MaxPool_2", nn.MaxPool2d(3, stride=2)),
            ("Mixed_5b", a(192, pool_features=32)),
            ("Mixed_5c", a(256, pool_features=64)),
            ("Mixed_5d", a(288, pool_features=64)),
            ("Mixed_6a", b(288)),
            ("Mixed_6b", c(768, channels_7x7=128)),
            ("Mixed_6c", c(768, channels_7x7=160)),
            ("Mixed_6d", c(768, channels_7x7=160)),
            ("Mixed_6e", c(768, channels_7x7=192)),
            ("Mixed_7a", parts.InceptionD(768)),
            ("Mixed_7b", parts.InceptionE_1(1280)),
            ("Mixed_7c", parts.InceptionE_2(2048)),
            ("AvgPool", nn.AdaptiveAvgPool2d(1)),
            ("Flatten", nn.Flatten()),
        ):
            self.add_module(name, module)


def load_inception(path: Path, device: str = "cpu") -> Inception:
    """The network with the weights of a file.

    Raises:
        CheckpointCorruptError: if they are not this network's.
    """
    with torch.device("meta"):
        network = Inception()
    tensors = {name: one for name, one in read_tensors(path).items() if not name.startswith("fc.")}
    try:
        network.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        first = str(error).strip().splitlines()[1].strip()
        raise CheckpointCorruptError(f"{path}: not the weights of Inception: {first}") from error
    return network.eval().requires_grad_(False).to(device)


def tensorflow_bilinear(picture: Tensor) -> Tensor:
    """As in the graph that FID was defined by: torch-fidelity's way."""
    from torch_fidelity.interpolate_compat_tensorflow import (
        interpolate_bilinear_2d_like_tensorflow1x as resize,
    )

    resized = resize(picture.float()[None], size=(SIDE, SIDE), align_corners=False)[0]
    return (resized - 128) / 128


def torch_bilinear(picture: Tensor) -> Tensor:
    """torch's bilinear, without antialiasing: pytorch-fid's way."""
    scaled = picture.float()[None] / 255
    resized = interpolate(scaled, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return 2 * resized[0] - 1


def pillow_bicubic(picture: Tensor) -> Tensor:
    """Pillow's antialiased bicubic on floats, channel by channel: clean-fid's way."""
    channels = []
    for channel in picture.float().numpy():
        resized = Image.fromarray(channel).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        channels.append(np.asarray(resized).clip(0, 255))
    return (torch.from_numpy(np.stack(channels)) - 128) / 128


RECIPES: dict[str, Callable[[Tensor], Tensor]] = {
    "torch-fidelity": tensorflow_bilinear,
    "pytorch-fid": torch_bilinear,
    "clean": pillow_bicubic,
}
"""uint8 picture [3, height, width] -> [3, 299, 299] for the network."""


@torch.no_grad()
def inception_features(
    network: Inception, pictures: Sequence[Tensor], recipe: Callable[[Tensor], Tensor], device: str
) -> Tensor:
    """[item, 2048] of pictures, which are rounded to 8 bits first."""
    prepared = [recipe(to_uint8(picture)) for picture in pictures]
    return network(torch.stack(prepared).to(device)).float().cpu()
