"""The numbers of a TokenFlow; the fields are the card's ``config``."""

from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class TowerConfig:
    """Size of the semantic encoder's vision transformer."""

    kind: str  # "clip" | "siglip"
    grid: int  # side of the stored position table, in patches
    patch: int
    width: int
    depth: int  # blocks that are run
    heads: int
    hidden: int  # width inside the MLP


@dataclass(frozen=True)
class SemanticDecoderConfig:
    """Size of the transformer that predicts a teacher's features from the ids."""

    grid: int
    width: int
    depth: int
    heads: int
    hidden: int
    out: int  # width of the teacher's features


@dataclass(frozen=True)
class ConvConfig:
    """Size of a convolutional encoder or decoder."""

    channels: tuple[int, ...]  # per level, highest resolution first
    blocks: int  # residual blocks per level
    groups: int = 32  # of the group norms
    fold: int = 1  # fold x fold pixels become channels first: no convolution at full resolution
    share: float | None = None  # of the network, where a linear map of patches stands beside it

    @property
    def factor(self) -> int:
        """Pixels of a side per cell of the code."""
        return self.fold * 2 ** (len(self.channels) - 1)


@dataclass(frozen=True)
class TokenFlowConfig:
    """Everything that shapes the networks and their arithmetic."""

    codebook_size: int
    semantic_dim: int
    pixel_dim: int
    scales: tuple[int, ...]  # sides of the grids, coarse to fine
    image_sizes: tuple[
        int, ...
    ]  # sides in pixels that the ids are defined for, the usual one first
    tower: TowerConfig
    semantic_decoder: SemanticDecoderConfig
    latent_channels: int  # between a convolutional network and its code
    pixel_encoder: ConvConfig
    pixel_decoder: ConvConfig
    output_size: int | None = None  # side that decoded pixels are resized to, whatever they come as

    @property
    def dim(self) -> int:
        """Width of a code: the semantic part and the pixel part."""
        return self.semantic_dim + self.pixel_dim

    @property
    def grids(self) -> tuple[int, ...]:
        """Side of the finest grid for each of ``image_sizes``."""
        return tuple(size // self.tower.patch for size in self.image_sizes)

    def schedule(self, grid: int) -> tuple[int, ...]:
        """The scales of an image whose finest grid has this side."""
        return self.scales[: self.scales.index(grid) + 1]

    def positions(self, grid: int) -> tuple[int, ...]:
        """How many ids the first 1, 2, ... scales of such an image have together."""
        return tuple(accumulate(side * side for side in self.schedule(grid)))
