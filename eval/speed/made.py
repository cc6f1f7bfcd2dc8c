"""Media to measure with, made from a seed: pictures, sounds and videos as a tokenizer takes them."""

import torch
from torch import Tensor

from zoo.cards import AudioInput, VideoInput
from zoo.errors import NotSupportedError
from zoo.media import Media
from zoo.tokenizer import Tokenizer

from .pictures import made_pictures

FPS = 25.0  # of videos, where the card does not say


def made_media(tok: Tokenizer, items: int, seconds: float, seed: int = 0) -> Media:
    """A batch of ``items``: of the model's own size and rate, so that preparing costs little.

    Raises:
        NotSupportedError: for pictures of no fixed size.
    """
    given = tok.card.input
    if isinstance(given, AudioInput):
        samples = round(seconds * given.sample_rate)
        sounds = made_sounds(items, given.channels, samples, seed)
        return Media("audio", sounds, rate=given.sample_rate)
    if tok.input_size is None:
        raise NotSupportedError(f"{tok.name} takes pictures of any size: there is none to measure")
    if isinstance(given, VideoInput):
        fps = given.fps or FPS
        frames = given.frames or max(1, round(seconds * fps))
        return Media(
            "video", [made_video(frames, given.size, seed + i) for i in range(items)], fps=fps
        )
    return Media("image", made_pictures(items, tok.input_size, seed))


def made_sounds(items: int, channels: int, samples: int, seed: int = 0) -> Tensor:
    """Pink noise [item, channels, samples] whose loudness comes and goes as in speech."""
    random = torch.Generator().manual_seed(seed)
    spectrum = torch.fft.rfft(torch.randn(items, channels, samples, generator=random))
    spectrum /= torch.arange(1, spectrum.shape[-1] + 1).sqrt()
    noise = torch.fft.irfft(spectrum, n=samples)
    beats = torch.linspace(0, 1, samples) * samples / 4000
    return (0.3 * noise / noise.std() * beats.sin().abs()).clamp(-1, 1)


def made_video(frames: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """A picture that drifts by two pixels a frame [frames, 3, height, width] in 0..1."""
    (picture,) = made_pictures(1, size, seed)
    return torch.stack([picture.roll((frame, 2 * frame), (1, 2)) for frame in range(frames)])
