"""Pixels of merged patches to ids and back: moments, networks where there are any, a codebook."""

from torch import Tensor, nn

from .appearance import AXES, from_patches, group_moments, group_offsets, render, to_patches
from .appearance_encoder import AppearanceEncoder
from .codebook import ResidualCodebook
from .config import AppearanceConfig, TrunkConfig
from .pixel_decoder import PixelDecoder, Refiner

GREY = 0.5  # pixels are counted from here


class AppearanceCodec(nn.Module):
    """Frames in 0..1 and their map <-> ids of the groups.

    Without networks the codebook is over the moments themselves, and decoding has no parameters
    but the table: with ``changes`` False it shows each patch as the mean of its group.
    """

    def __init__(self, config: AppearanceConfig, trunk: TrunkConfig, frames: int) -> None:
        super().__init__()
        self.patch, self.changes = trunk.patch, config.changes
        pixels, networks = 3 * trunk.patch**2, config.networks
        moments = pixels * (1 + AXES) if config.changes else pixels
        dim = moments if networks is None else networks.dim
        self.codebook = ResidualCodebook(config.codebook.slots, config.codebook.size, dim)
        self.encoder = self.decoder = None
        if networks is not None:
            grid = (frames, trunk.side, trunk.side)
            width, heads = networks.width, networks.heads
            self.encoder = AppearanceEncoder(
                moments, trunk.width, dim, grid, width, networks.encoder_depth, heads
            )
            refiner = Refiner(
                pixels,
                width,
                networks.refine_width,
                networks.refine_depth,
                networks.fine_width,
                networks.fine_depth,
            )
            self.decoder = PixelDecoder(
                dim, moments, grid, width, networks.decoder_depth, heads, refiner
            )

    def moments(self, frames: Tensor, source: Tensor, groups: int) -> Tensor:
        """[item, frame, 3, H, W] in 0..1 -> what is kept of each group before any network."""
        patches = to_patches(frames.float() - GREY, self.patch)
        return group_moments(patches, source, groups, self.offsets(source, groups))

    def vectors(self, moments: Tensor, tokens: Tensor, source: Tensor) -> Tensor:
        """Moments and the trunk's tokens -> what is quantised: [item, group, dim]."""
        return moments if self.encoder is None else self.encoder(moments, tokens, source)

    def frames(self, codes: Tensor, source: Tensor) -> Tensor:
        """What ids stand for, [item, group, dim], and the map -> frames about 0..1."""
        if self.decoder is None:
            patches = render(codes, source, self.offsets(source, codes.shape[1]))
        else:
            patches = self.decoder(codes, source, self.offsets(source, codes.shape[1]))
        return from_patches(patches, self.patch) + GREY

    def offsets(self, source: Tensor, groups: int) -> Tensor | None:
        """Where patches lie in their groups, if that is made use of."""
        return group_offsets(source, groups) if self.changes else None


def mean_frames(frames: Tensor, source: Tensor, groups: int, patch: int) -> Tensor:
    """The floor that decoders are measured against: each patch shown as its group's own mean.

    Nothing is quantised. [item, frame, 3, H, W] in 0..1 -> the same.
    """
    means = group_moments(to_patches(frames.float(), patch), source, groups, None)
    return from_patches(render(means, source, None), patch)
