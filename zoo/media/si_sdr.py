"""Scale-invariant signal-to-distortion ratio, the one figure of sound that the core reports."""

import math

from torch import Tensor


def si_sdr(reference: Tensor, sound: Tensor) -> float:
    """SI-SDR in dB of two sounds of one shape, means taken out, computed in float64.

    inf for a multiple of the reference, -inf where nothing of it is there, silence included.
    Source: Le Roux et al. 2019, arXiv 1811.02508, equation 3.
    """
    true, made = (x.detach().cpu().double().flatten() for x in (reference, sound))
    true, made = true - true.mean(), made - made.mean()
    energy = true.dot(true)
    if energy == 0:
        return -math.inf
    target = true * (made.dot(true) / energy)
    noise = made - target
    kept, lost = float(target.dot(target)), float(noise.dot(noise))
    if kept == 0:
        return -math.inf
    return 10 * math.log10(kept / lost) if lost else math.inf
