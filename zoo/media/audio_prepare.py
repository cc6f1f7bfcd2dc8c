"""From a sound of any rate and channels to what a model takes, and back."""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import torch
from torch import Tensor

from ..errors import MediaError
from ..tokens.origin import Origin
from .prepare import Prepared
from .sources import sources

# Values of the resampling filter. Rates without a common divisor need one filter per output
# phase: 44099 -> 24000 Hz would take gigabytes.
_LARGEST_FILTER = 1 << 24


@dataclass(frozen=True)
class AudioPrepare:
    """Bring a sound to a rate and a number of channels; no weights, can be pickled.

    Another number of channels is mixed to one by the mean and, where the model wants more, copied.
    Another rate is converted by ``torchaudio.functional.resample`` with its defaults; n samples
    become round(n * out / in), at least one. A sound that fits passes untouched. ``output_rate``
    is the rate of what decodes, where that is another one.
    """

    sample_rate: int
    channels: int
    output_rate: int | None = None

    def __call__(self, item: object, *, layout: str | None = None) -> Prepared:
        """Prepare one sound: float32 [channels, samples], and where it comes from."""
        found = sources(item, "audio", layout=layout)
        if len(found) != 1:
            raise MediaError(f"prepare takes one sound at a time, got {len(found)}")
        media = found[0].load()
        sound, rate = media.items[0], media.rate
        assert rate is not None
        mixed = mix(sound, self.channels)
        length = scaled(sound.shape[1], rate, self.sample_rate)
        tensor = fit(resample(mixed, rate, self.sample_rate), length)
        samples = sound.shape[1]
        decoded = scaled(samples, rate, self.output_rate or self.sample_rate)
        origin = Origin(samples=samples, rate=rate, out_samples=decoded, channels=sound.shape[0])
        return Prepared(tensor.contiguous(), origin)


def restore_audio(
    sound: Tensor, origin: Origin | None, native: bool = False, *, rate: int | None = None
) -> Tensor:
    """A decoded sound [channels, samples] as long as what the model saw, in -1..1.

    What the model padded is cut off, what it lost at the end is zero. Without an origin, or with
    ``native``, the length is the model's own. ``rate``, the model's in Hz, brings the sound back
    to the rate and the exact number of samples of the input.
    """
    sound = sound.float().clamp(-1, 1)
    if native or origin is None or origin.out_samples is None:
        return sound
    sound = fit(sound, origin.out_samples)
    if rate is None or origin.samples is None or (own := own_rate(origin)) is None:
        return sound
    return fit(resample(sound.cpu(), rate, own), origin.samples).clamp(-1, 1)


def own_rate(origin: Origin | None) -> int | None:
    """The rate in Hz to which a decoded sound can be brought back; None: too little is known."""
    if origin is None or origin.samples is None or origin.out_samples is None:
        return None
    return origin.rate


def mix(sound: Tensor, channels: int) -> Tensor:
    """[any, samples] -> [channels, samples]."""
    if sound.shape[0] == channels:
        return sound
    return sound.mean(0, keepdim=True).expand(channels, -1)


def resample(sound: Tensor, rate: int, wanted: int) -> Tensor:
    """A sound at ``rate`` at the rate ``wanted``, both in Hz; the length is rounded up."""
    if rate == wanted or not sound.shape[1]:
        return sound
    down, up = rate // gcd(rate, wanted), wanted // gcd(rate, wanted)
    if up * (down + 12 * max(1, down // up)) > _LARGEST_FILTER:
        raise MediaError(
            f"{rate} Hz to {wanted} Hz needs too large a filter; resample to a usual rate first"
        )
    from torchaudio.functional import resample as convert  # late: a sound that fits needs none

    return convert(sound, rate, wanted)


def scaled(samples: int, rate: int, wanted: int) -> int:
    """How many samples at the rate ``wanted`` a sound of ``samples`` at ``rate`` has."""
    return max(1, round(Fraction(samples * wanted, rate)))


def fit(sound: Tensor, samples: int) -> Tensor:
    """Cut or zero-filled at the end to ``samples``."""
    missing = samples - sound.shape[1]
    return torch.nn.functional.pad(sound, (0, missing)) if missing > 0 else sound[:, :samples]
