"""From tokens to pixels in one deterministic pass, where upstream has unCLIP: no counterpart there.

A grid of learned places reads the tokens, residual convolutions double its side up to half of the
image's, and a last one gives 2 x 2 pixels at each place. All of an image's ids shape every pixel.
"""

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from zoo.errors import CardError

from .config import SeedConfig
from .qformer import QFormer


class Doubling(nn.Module):
    """A map [b, before, h, w] -> [b, after, 2h, 2w]: pixel shuffle, then x + conv(conv x)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(before, 4 * after, 1)
        self.first = nn.Conv2d(after, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Each pixel becomes 2 x 2, which then look at their neighbours."""
        x = F.pixel_shuffle(self.spread(x), 2)
        return x + self.second(F.silu(self.first(F.silu(x))))


class PictureDecoder(nn.Module):
    """Tokens [b, queries, width] -> images [b, 3, size, size] on the encoder's scale."""

    def __init__(self, reader: QFormer, grid: int, doublings: list[Doubling], width: int) -> None:
        super().__init__()
        self.grid = grid
        self.reader = reader
        self.doublings = nn.Sequential(*doublings)
        self.last = nn.Conv2d(width, 4 * 3, 3, padding=1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Not clamped: values outside of the pixel range are possible."""
        places = self.reader(tokens)  # [b, grid * grid, reader's width]
        x = rearrange(places, "b (h w) c -> b c h w", h=self.grid)
        x = self.last(F.silu(self.doublings(x)))  # [b, 4 * 3, size / 2, size / 2]
        return F.pixel_shuffle(x, 2)


def build_picture(config: SeedConfig) -> PictureDecoder | None:
    """Construct the decoder to pixels, where the configuration has one."""
    given = config.picture
    if given is None:
        return None
    doubled = len(given.widths) + 1
    reached = given.grid * 2**doubled
    if not given.widths or reached != config.image_size:
        raise CardError(
            f"picture: a grid of {given.grid} doubled {doubled} times has a side of {reached}; "
            f"image_size is {config.image_size}"
        )
    reader = QFormer(
        given.reader, queries=given.grid**2, image_width=config.qformer.width, causal=False
    )
    befores = (given.reader.width, *given.widths[:-1])
    doublings = [Doubling(a, b) for a, b in zip(befores, given.widths, strict=True)]
    return PictureDecoder(reader, given.grid, doublings, given.widths[-1])
