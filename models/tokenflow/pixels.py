"""The pixel half: convolutional encoder and decoder around the pixel part of a code.

The networks are diffusers' VAE encoder and decoder with attention at the lowest resolution, which
compute what upstream's LlamaGen-style ones do.

Source: upstream ``vq_model.py`` (ByteFlow-AI/TokenFlow 9812da0).
"""

import torch.nn.functional as F
from diffusers.models.autoencoders.vae import Decoder, Encoder
from torch import Tensor, nn


class PixelEncoder(nn.Module):
    """Images [b, 3, H, W] in -1..1 -> the pixel part of what is quantised, [b, dims, g, g]."""

    def __init__(self, network: Encoder, channels: int, dims: int, factor: int) -> None:
        super().__init__()
        self.network = network
        self.to_codes = nn.Conv2d(channels, dims, 1)
        self.factor = factor

    def fit(self, images: Tensor, grid: int) -> Tensor:
        """Resize to ``factor`` pixels per cell of the semantic grid (SigLIP: 384 -> 432)."""
        side = self.factor * grid
        if tuple(images.shape[-2:]) == (side, side):
            return images
        return F.interpolate(images, (side, side), mode="bicubic")

    def forward(self, images: Tensor, grid: int) -> Tensor:
        """[b, 3, H, W] -> [b, dims, grid, grid]."""
        return self.to_codes(self.network(self.fit(images, grid)))


class PixelDecoder(nn.Module):
    """Pixel codes [b, dims, g, g] -> images [b, 3, H, W] about -1..1, not clamped."""

    def __init__(self, network: Decoder, channels: int, dims: int, output_size: int | None) -> None:
        super().__init__()
        self.from_codes = nn.Conv2d(dims, channels, 1)
        self.network = network
        self.output_size = output_size

    def forward(self, codes: Tensor) -> Tensor:
        """[b, dims, g, g] -> [b, 3, H, W], resized where the checkpoint has an output size."""
        images = self.network(self.from_codes(codes.to(self.from_codes.weight.dtype)))
        if self.output_size is None:
            return images
        return F.interpolate(images, (self.output_size, self.output_size), mode="bicubic")


def build_encoder(channels: tuple[int, ...], blocks: int, out: int, groups: int) -> Encoder:
    """A convolutional encoder; the last level has attention after every residual block."""
    plain = len(channels) - 1
    return Encoder(
        out_channels=out,
        down_block_types=("DownEncoderBlock2D",) * plain + ("AttnDownEncoderBlock2D",),
        block_out_channels=channels,
        layers_per_block=blocks,
        norm_num_groups=groups,
        double_z=False,
    )


def build_decoder(channels: tuple[int, ...], blocks: int, dims: int, groups: int) -> Decoder:
    """The mirror image of the encoder; diffusers adds one block to the number it is given."""
    plain = len(channels) - 1
    return Decoder(
        in_channels=dims,
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * plain,
        block_out_channels=channels,
        layers_per_block=blocks - 1,
        norm_num_groups=groups,
    )
