"""How far a sound is from another: in its samples, and in spectra of several resolutions."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

FLOOR = 1e-2  # below what a quiet room gives in a mel band; hides what nobody hears
FAINTEST = 1e-2  # of a crop's level, so that silence is not blown up


class SpectralDistance(nn.Module):
    """Mean absolute difference of log mel spectra, and of magnitudes relative to their level.

    Source: Yamamoto et al. 2020, arXiv 1910.11480 (several resolutions); Kumar et al. 2023,
    arXiv 2306.06546 (mel).
    """

    def __init__(self, rate: int, windows: Sequence[int], bands: Sequence[int]) -> None:
        super().__init__()
        self.windows = tuple(windows)
        for size, count in zip(windows, bands, strict=True):
            mel = melscale_fbanks(size // 2 + 1, 0.0, rate / 2, count, rate)
            self.register_buffer(f"mel{size}", mel, persistent=False)
            self.register_buffer(f"window{size}", torch.hann_window(size), persistent=False)

    def forward(self, made: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
        """[item, samples], fp32 -> distance of log mels (base 10), of magnitudes; means."""
        mels, magnitudes = [], []
        for size in self.windows:
            a, b = self._magnitudes(made, size), self._magnitudes(true, size)
            bank = self.get_buffer(f"mel{size}")
            log_a, log_b = ((x.transpose(1, 2) @ bank + FLOOR).log10() for x in (a, b))
            mels.append((log_a - log_b).abs().mean())
            level = b.mean((1, 2)).clamp(min=FLOOR)
            magnitudes.append(((a - b).abs().mean((1, 2)) / level).mean())
        return torch.stack(mels).mean(), torch.stack(magnitudes).mean()

    def _magnitudes(self, sound: Tensor, size: int) -> Tensor:
        """[item, samples] -> [item, frequency, frame]."""
        window = self.get_buffer(f"window{size}")
        waves = torch.stft(sound, size, size // 4, window=window, return_complex=True)
        return (waves.real.square() + waves.imag.square() + 1e-9).sqrt()


def wave_distance(made: Tensor, true: Tensor) -> Tensor:
    """[item, samples] twice -> mean absolute difference relative to the level of ``true``."""
    level = true.square().mean(1, keepdim=True).sqrt().clamp(min=FAINTEST)
    return ((made - true).abs() / level).mean()


class EnvelopeDistance(nn.Module):
    """One minus how well loudness over time agrees, band by band: what makes words intelligible.

    Correlations of the envelopes of third-octave bands over 0.4 s, where somebody speaks.
    Source: Taal et al. 2011, 10.1109/TASL.2011.2114881 (the measure STOI, here without its clipping
    and at the sound's own rate).
    """

    def __init__(self, rate: int, lowest: float = 150.0, bands: int = 15) -> None:
        super().__init__()
        self.step = round(rate * 0.0125)
        self.size = 2 * self.step
        self.span = 30  # steps
        fft = 2 ** (self.size - 1).bit_length()
        pitch = torch.arange(fft // 2 + 1) * rate / fft
        centres = lowest * 2 ** (torch.arange(bands)[:, None] / 3)
        inside = (pitch >= centres * 2 ** (-1 / 6)) & (pitch < centres * 2 ** (1 / 6))
        self.fft = fft
        self.register_buffer("inside", inside.float().T, persistent=False)  # [frequency, band]
        self.register_buffer("window", torch.hann_window(self.size), persistent=False)

    def forward(self, made: Tensor, true: Tensor) -> Tensor:
        """[item, samples], fp32 -> mean over items, bands and times, about 0..1."""
        a, b = self._envelopes(made), self._envelopes(true)  # [item, band, time, span]
        loudness = b.square().sum((1, 3))  # [item, time]
        spoken = (loudness > 1e-3 * loudness.amax(1, keepdim=True)).to(b)[:, None]
        least = 1e-3 * b.square().sum(-1) + 1e-5  # flat envelopes agree with nothing
        a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
        scale = (a.square().sum(-1) + least).sqrt() * (b.square().sum(-1) + least).sqrt()
        agreement = (a * b).sum(-1) / scale
        return 1 - (agreement * spoken).sum() / (spoken.sum() * a.shape[1]).clamp(min=1)

    def _envelopes(self, sound: Tensor) -> Tensor:
        window, inside = self.get_buffer("window"), self.get_buffer("inside")
        waves = torch.stft(
            sound, self.fft, self.step, self.size, window=window, return_complex=True
        )
        power = (waves.real.square() + waves.imag.square()).transpose(1, 2) @ inside
        span = min(self.span, power.shape[1])  # of a shorter sound, all
        return (power + 1e-6).sqrt().transpose(1, 2).unfold(2, span, 1)
