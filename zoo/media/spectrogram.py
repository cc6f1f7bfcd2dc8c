"""A sound as a picture: time to the right, frequency upwards, loudness as brightness."""

import math

import torch
from torch import Tensor

RANGE = 80.0  # dB below the loudest that are shown
BANDS = 128  # mel bands, and so pixels high

# Brightness 0..1 -> colour: black, violet, red, yellow, white; brighter all the way.
_COLOURS = torch.tensor(
    [[0.0, 0.0, 0.02], [0.28, 0.06, 0.45], [0.73, 0.21, 0.33], [0.98, 0.62, 0.15], [1.0, 1.0, 0.9]]
)


def spectrogram(sound: Tensor, rate: int, *, width: int = 400, loudest: float = 0.0) -> Tensor:
    """Draw a sound [channels, samples] as an image [3, 128, at most about ``width``] in 0..1.

    Mel bands up to half the rate; ``loudest`` is the level in dB, of a full sine wave, that is
    white, what lies 80 dB below is black. Pictures of one rate, length and width compare.
    """
    from torchaudio.functional import melscale_fbanks  # late: seconds to import

    mono = sound.detach().cpu().float().mean(0)
    size = 2 ** max(6, round(rate * 0.032).bit_length() - 1)  # 16 to 32 ms
    step = max(size // 4, -(-mono.shape[0] // width))
    waves = torch.stft(
        torch.nn.functional.pad(mono, (0, max(0, size - mono.shape[0]))),
        size,
        step,
        window=torch.hann_window(size),
        pad_mode="constant",
        return_complex=True,
    )
    power = (waves.abs() * 4 / size).square()  # a full sine wave is 1
    bank = melscale_fbanks(size // 2 + 1, 0.0, rate / 2, _bands(size), rate)
    level = 10 * (bank.T @ power).clamp(min=1e-12).log10()  # [band, frame], dB
    bright = ((level - loudest) / RANGE + 1).clamp(0, 1).flip(0)
    tall = bright.repeat_interleave(BANDS // len(bright), 0)
    place = tall * (len(_COLOURS) - 1)
    below = place.floor().long().clamp(max=len(_COLOURS) - 2)
    share = (place - below)[..., None]
    return (_COLOURS[below] * (1 - share) + _COLOURS[below + 1] * share).permute(2, 0, 1)


def _bands(size: int) -> int:
    """As many bands as the transform can tell apart, a power of 2."""
    return min(BANDS, size // 8)


def level(sound: Tensor) -> float:
    """Level in dB of a sound's loudest sample, 0 for a full sine wave: a fair ``loudest``."""
    peak = float(sound.abs().max())
    return 20 * math.log10(max(peak, 1e-4))
