"""What a linear probe reads off the media themselves: the baseline for one on ids."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from zoo.media.audio_prepare import resample
from zoo.media.image import canonical

from ..metrics.spectral import magnitudes, mel_filters

SIDE = 16
RATE, WINDOW, MELS, FLOOR = 16000, 512, 64, 1e-5


def raw_features(item: Tensor, modality: str, rate: int | None) -> Tensor:
    """One vector per item, of a size that depends on the modality alone.

    Pictures: means of 16 x 16 fields; of a video those of its mean frame and of its mean absolute
    change. Sound: mean and spread over time of 64 log-mel bands at 16 kHz.
    """
    if modality == "audio":
        assert rate is not None
        sound = resample(item.float().mean(0, keepdim=True), rate, RATE)
        bands = magnitudes(sound, WINDOW)[0].T @ mel_filters(RATE, WINDOW, MELS)  # [frame, mel]
        levels = bands.clamp(FLOOR).log()
        return torch.cat([levels.mean(0), levels.std(0, correction=0)])
    pixels = canonical(item)
    if modality == "image":
        return _fields(pixels)
    change = pixels.diff(dim=0).abs().sum(0) / max(1, len(pixels) - 1)
    return torch.cat([_fields(pixels.mean(0)), _fields(change)])


def _fields(picture: Tensor) -> Tensor:
    return adaptive_avg_pool2d(picture, SIDE).flatten()
