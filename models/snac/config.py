"""The numbers of a SNAC; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import lcm, prod


@dataclass(frozen=True)
class Codebook:
    """Rows of a codebook and their dimension."""

    size: int
    dim: int


@dataclass(frozen=True)
class SnacConfig:
    """Everything that shapes the networks and their arithmetic."""

    encoder_width: int
    encoder_strides: tuple[int, ...]
    decoder_width: int
    decoder_strides: tuple[int, ...]
    window: int | None  # latent frames that attend to one another; None: no attention
    codebook: Codebook
    level_strides: tuple[int, ...]  # latent frames per id, coarse to fine
    noise: bool
    depthwise: bool

    @property
    def latent_width(self) -> int:
        """Channels of the latents."""
        return self.encoder_width * 2 ** len(self.encoder_strides)

    @property
    def hop(self) -> int:
        """Samples per latent frame."""
        return prod(self.encoder_strides)

    @property
    def coarse(self) -> int:
        """Latent frames per position, which is one id of the coarsest level."""
        return self.level_strides[0]

    @property
    def block(self) -> int:
        """Latent frames that only go together: whole positions, and whole windows."""
        return lcm(self.coarse, self.window or 1)

    @property
    def ids_per_level(self) -> tuple[int, ...]:
        """Ids of each level in one position: 1, 2, 4."""
        return tuple(self.coarse // stride for stride in self.level_strides)
