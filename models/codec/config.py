"""The numbers of a codec; the fields are the card's ``config``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CodecConfig:
    """Everything that shapes the networks and their arithmetic."""

    hop: int  # samples per position
    overlap: int  # samples that a position's window shares with the one before
    width: int  # channels of both networks; at least hop, to start from a complete transform
    hidden: int  # of a unit's two linear layers
    kernel: int  # positions that a unit mixes
    encoder_units: int
    decoder_units: int
    latents: int  # dimensions that are quantised
    codebooks: int
    codebook_size: int
