"""Scale-invariant signal-to-distortion ratio, after undoing a constant delay."""

from typing import Any

import torch
from torch import Tensor

from zoo.media.si_sdr import si_sdr as ratio_in_db

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair

MAX_SHIFT_MS = 50.0


class SiSdr(SampleMetric):
    """SI-SDR in dB (Le Roux et al. 2019, eq. 3), zero-mean, and the shift that was undone.

    A codec that delays the sound by one sample is audibly perfect and scores badly; so the delay
    within 50 ms at which both correlate most is undone first, and is reported: a shift that is
    not 0 is a finding about the tokenizer. ``si_sdr_unaligned`` is the value without it.
    """

    columns = {
        "si_sdr": Column("dB", True),
        "si_sdr_unaligned": Column("dB", True),
        "si_sdr_shift": Column("samples", None),
    }

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"zero_mean": True, "max_shift_ms": MAX_SHIFT_MS, "channels": "mean"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = pair.mono()
        assert pair.rate is not None
        shift = best_shift(reference, decoded, round(pair.rate * MAX_SHIFT_MS / 1000))
        return {
            "si_sdr": si_sdr(*shifted(reference, decoded, shift)),
            "si_sdr_unaligned": si_sdr(reference, decoded),
            "si_sdr_shift": shift,
        }


def si_sdr(reference: Tensor, decoded: Tensor) -> float:
    """SI-SDR in dB of two sounds [samples], means taken out; inf for a multiple of the reference.

    Raises:
        Unmeasurable: for silence on either side.
    """
    reference, decoded = reference - reference.mean(), decoded - decoded.mean()
    energy = reference.dot(reference)
    if energy == 0 or not decoded.any():
        side = "reference" if energy == 0 else "reconstruction"
        raise Unmeasurable("Silence", f"the {side} is silent")
    return ratio_in_db(reference, decoded)


def best_shift(reference: Tensor, decoded: Tensor, limit: int) -> int:
    """By how many samples ``decoded`` comes late (positive), where both correlate most.

    The cross-correlation is not normalised for the overlap; of equal ones the nearest to 0 wins.
    """
    samples = reference.shape[-1]
    limit = min(limit, samples - 1)
    size = 1 << (2 * samples - 1).bit_length()
    spectra = [torch.fft.rfft(sound - sound.mean(), size) for sound in (decoded, reference)]
    correlation = torch.fft.irfft(spectra[0] * spectra[1].conj(), size)  # [lag], late ones first
    lags = torch.tensor(sorted(range(-limit, limit + 1), key=abs))
    found = correlation[lags % size]
    # rounding of the transform must not prefer a far lag to 0
    near = found >= found.max() - 1e-9 * found.abs().max()
    return int(lags[near.nonzero()[0, 0]])


def shifted(reference: Tensor, decoded: Tensor, shift: int) -> tuple[Tensor, Tensor]:
    """The parts of both that overlap once ``decoded`` is moved ``shift`` samples to the front."""
    samples = reference.shape[-1] - abs(shift)
    return reference[max(0, -shift) :][:samples], decoded[max(0, shift) :][:samples]
