"""The pixel half: convolutional encoder and decoder around the pixel part of a code.

The networks are diffusers' VAE encoder and decoder with attention at the lowest resolution, which
compute what upstream's LlamaGen-style ones do.

Source: upstream ``vq_model.py`` (ByteFlow-AI/TokenFlow 9812da0).
"""

import torch.nn.functional as F
from diffusers.models.autoencoders.vae import Decoder, Encoder
from torch import Tensor, nn

from .config import ConvConfig

COLOURS = 3


class PixelEncoder(nn.Module):
    """Images [b, 3, H, W] in -1..1 -> the pixel part of what is quantised, [b, dims, g, g]."""

    def __init__(self, network: Encoder, size: ConvConfig, channels: int, dims: int) -> None:
        super().__init__()
        self.network = network
        self.to_codes = nn.Conv2d(channels, dims, 1)
        self.share = size.share
        if size.share is not None:
            self.linear = nn.Conv2d(COLOURS * size.factor**2, dims, 1)
        self.factor = size.factor
        self.fold = size.fold

    def fit(self, images: Tensor, grid: int) -> Tensor:
        """Resize to ``factor`` pixels per cell of the semantic grid (SigLIP: 384 -> 432)."""
        side = self.factor * grid
        if tuple(images.shape[-2:]) == (side, side):
            return images
        return F.interpolate(images, (side, side), mode="bicubic")

    def features(self, images: Tensor, grid: int) -> Tensor:
        """[b, 3, H, W] -> what the codes are made of, [b, channels, grid, grid]."""
        return self.network(F.pixel_unshuffle(self.fit(images, grid), self.fold))

    def forward(self, images: Tensor, grid: int) -> Tensor:
        """[b, 3, H, W] -> [b, dims, grid, grid]."""
        codes = self.to_codes(self.features(images, grid))
        if self.share is None:
            return codes
        patches = F.pixel_unshuffle(self.fit(images, grid), self.factor)
        return self.share * codes + self.linear(patches)


class PixelDecoder(nn.Module):
    """Pixel codes [b, dims, g, g] -> images [b, 3, H, W] about -1..1, not clamped."""

    def __init__(
        self,
        network: Decoder,
        size: ConvConfig,
        channels: int,
        dims: int,
        output_size: int | None,
    ) -> None:
        super().__init__()
        self.from_codes = nn.Conv2d(dims, channels, 1)
        self.network = network
        self.share = size.share
        if size.share is not None:
            self.linear = nn.Conv2d(dims, COLOURS * size.factor**2, 1)
        self.output_size = output_size
        self.factor = size.factor
        self.fold = size.fold

    def forward(self, codes: Tensor) -> Tensor:
        """[b, dims, g, g] -> [b, 3, H, W], resized where the checkpoint has an output size."""
        codes = codes.to(self.from_codes.weight.dtype)
        images = F.pixel_shuffle(self.network(self.from_codes(codes)), self.fold)
        if self.share is not None:
            images = self.share * images + F.pixel_shuffle(self.linear(codes), self.factor)
        if self.output_size is None:
            return images
        return F.interpolate(images, (self.output_size, self.output_size), mode="bicubic")


def build_encoder(size: ConvConfig, out: int) -> Encoder:
    """A convolutional encoder; the last level has attention after every residual block."""
    plain = len(size.channels) - 1
    return Encoder(
        in_channels=COLOURS * size.fold**2,
        out_channels=out,
        down_block_types=("DownEncoderBlock2D",) * plain + ("AttnDownEncoderBlock2D",),
        block_out_channels=size.channels,
        layers_per_block=size.blocks,
        norm_num_groups=size.groups,
        double_z=False,
    )


def build_decoder(size: ConvConfig, dims: int) -> Decoder:
    """The mirror image of the encoder; diffusers adds one block to the number it is given."""
    plain = len(size.channels) - 1
    return Decoder(
        in_channels=dims,
        out_channels=COLOURS * size.fold**2,
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * plain,
        block_out_channels=size.channels,
        layers_per_block=size.blocks - 1,
        norm_num_groups=size.groups,
    )
