"""The numbers of a FlexTok; the fields are the card's ``config``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trunk:
    """A transformer's size."""

    width: int
    depth: int


@dataclass(frozen=True)
class VaeConfig:
    """Size of the image autoencoder (diffusers' AutoencoderKL, SDXL layout)."""

    block_out_channels: tuple[int, ...]
    layers_per_block: int
    norm_num_groups: int


@dataclass(frozen=True)
class FlexTokConfig:
    """Everything that shapes the networks and their arithmetic.

    ``modulation_rank`` factors each block's modulation layer, which otherwise weighs as much as
    the block itself; official checkpoints have none.
    """

    latent_channels: int
    latent_size: tuple[int, int]  # rows, columns
    patch_size: int
    encoder: Trunk
    decoder: Trunk
    head_dim: int
    registers: int
    max_grid: int  # side of the stored position tables, in patches
    fsq_levels: tuple[int, ...]
    mlp_ratio: float
    frequency_size: int
    max_timestep: float
    scaling_factor: float
    sample_posterior: bool  # upstream's default at encode; ours is the mean, see README.md
    vae: VaeConfig
    modulation_rank: int | None = None
