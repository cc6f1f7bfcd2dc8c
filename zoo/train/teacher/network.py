"""The teacher's network: a residual convolutional classifier whose last grid is its features.

Source: He et al. 2016, arXiv 1512.03385, with a stem of one strided convolution for small pictures.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

MEAN, DEVIATION = 0.45, 0.26  # of pixels, to about zero and one


@dataclass(frozen=True)
class TeacherConfig:
    """Everything that shapes the network."""

    classes: int
    widths: tuple[int, ...]  # per stage; each but the first halves the grid, as the stem does
    blocks: tuple[int, ...]  # per stage


class ResidualBlock(nn.Module):
    """relu(x + conv(relu(conv x))), each convolution with a batch norm."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        """[b, before, h, w] -> [b, after, h / stride, w / stride]."""
        inner = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
        return (inner + self.shortcut(x)).relu()


class Teacher(nn.Module):
    """Pictures [b, 3, h, w] in 0..1 -> features on a grid, pooled features, logits.

    Features are standardised by ``mean`` and ``deviation``, per channel over training pictures, so
    that cosines between them say something: as they come, all are positive.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        first, width = config.widths[0], config.widths[-1]
        layers: list[nn.Module] = [
            nn.Conv2d(3, first, 3, 2, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        ]
        before = first
        for stage, (after, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for block in range(blocks):
                layers.append(ResidualBlock(before, after, 2 if stage and not block else 1))
                before = after
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(width, config.classes)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    @property
    def width(self) -> int:
        """Numbers per feature."""
        return self.config.widths[-1]

    def raw(self, images: Tensor) -> Tensor:
        """[b, 3, h, w] -> [b, width, g, g] as the last block gives them, none negative."""
        return self.body((images - MEAN) / DEVIATION)

    def grid(self, images: Tensor) -> Tensor:
        """[b, 3, h, w] -> standardised features [b, width, g, g]."""
        centred = self.raw(images) - self.mean[:, None, None]
        return centred / self.deviation[:, None, None]

    def pooled(self, images: Tensor) -> Tensor:
        """[b, 3, h, w] -> the mean of the grid's features, [b, width]."""
        return self.grid(images).mean((2, 3))

    def classify(self, raw: Tensor) -> Tensor:
        """Features [b, width, g, g] as ``raw`` gives them -> logits [b, classes]."""
        return self.head(raw.mean((2, 3)))
