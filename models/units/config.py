"""The numbers of semantic units; the fields are the card's ``config``."""

from dataclasses import dataclass

from ..layers.speech_encoder import SpeechEncoder


@dataclass(frozen=True)
class Vocoder:
    """A unit HiFi-GAN: units of all layers, pooled by attention, to sound."""

    embedding: int
    attention: int
    channels: int  # before the first upsampling; each one halves them
    upsampling: tuple[int, ...]
    kernels: tuple[int, ...]  # of the upsamplings
    block_kernels: tuple[int, ...]
    dilations: tuple[int, ...]  # in every residual block


@dataclass(frozen=True)
class UnitsConfig:
    """Everything that shapes the networks and their arithmetic."""

    encoder: SpeechEncoder
    layers: tuple[int, ...]  # whose outputs are quantised, from 1; rising
    clusters: int  # per layer
    normalise: bool  # every sound to mean 0 and variance 1 first
    vocoder: Vocoder | None = None
