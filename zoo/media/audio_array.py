"""Sound from arrays: which axis is time, which range the values have."""

from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MediaError
from .kinds import plain

LAYOUTS = ("ct", "tc")
MOST_CHANNELS = 32  # where both axes are longer, neither can be told to be the channels
_LOUDEST = 8.0  # floats beyond are no sound in -1..1 that overshoots, but of another range
_HIGHEST_RATE = (1 << 31) - 1  # in a file's header
# integer dtype -> (value of silence, value of 1)
_RANGES = {
    torch.uint8: (128, 2**7),
    torch.int8: (0, 2**7),
    torch.int16: (0, 2**15),
    torch.int32: (0, 2**31),
}


def from_array(value: object, layout: str | None = None) -> Tensor:
    """The sound [channels, samples] of a numpy array or a tensor, float32 on the CPU.

    One axis is time. Of two, the shorter one is the channels if it is clearly shorter; ``layout``
    ("ct": channels first, "tc": time first) is needed only where both are possible. Integers of
    8, 16 and 32 bits are scaled to -1..1. Floats keep their values, slight overshoots too.
    """
    if layout is not None and layout not in LAYOUTS:
        raise MediaError(f"layout is {layout!r}; expected 'ct' or 'tc'")
    sound = _channels_first(_as_tensor(value), layout)
    if sound.numel() == 0:
        raise MediaError("the sound is empty (0 samples)")
    if not sound.is_floating_point():
        silence, full = _RANGES[sound.dtype]
        return sound.double().sub(silence).div(full).float().contiguous()
    if not bool(sound.isfinite().all()):
        raise MediaError("the sound contains NaN or infinite values")
    loudest = float(sound.abs().max())
    if loudest > _LOUDEST:
        raise MediaError(
            f"values reach {loudest:g}; expected floats in -1..1 (16-bit values: pass them as int16)"
        )
    return sound.float().contiguous()


def whole_rate(value: Any) -> int:
    """A sample rate in Hz, or a MediaError."""
    number = plain(value)
    rate = float(number) if isinstance(number, Real) and not isinstance(number, bool) else 0.0
    if not 1 <= rate <= _HIGHEST_RATE or rate % 1:
        raise MediaError(f"the sample rate is {value!r}; expected a whole number of Hz")
    return int(rate)


def as_array(value: object) -> Tensor | np.ndarray:
    """A tensor as it is, anything else as numpy's array; MediaError for what is neither."""
    if isinstance(value, Tensor):
        if value.layout != torch.strided or value.is_meta:
            kind = "meta" if value.is_meta else "sparse"
            raise MediaError(f"a {kind} tensor; expected one that holds every sample")
        return value
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # lists of different lengths above all
        raise MediaError(f"cannot be read as one array of samples ({error})") from None


def _as_tensor(value: object) -> Tensor:
    array = as_array(value)
    if isinstance(array, Tensor):
        tensor = array.detach().cpu()
    else:
        if array.dtype.kind not in "uif":
            raise MediaError(f"an array of dtype {array.dtype}; expected int16 or float in -1..1")
        if array.dtype.itemsize > 8 or not array.dtype.isnative:
            array = array.astype(
                np.float64 if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
            )
        tensor = torch.from_numpy(np.array(array))  # a copy: ours to keep, and writable
    if not tensor.is_floating_point() and tensor.dtype not in _RANGES:
        kind = str(tensor.dtype).removeprefix("torch.")
        raise MediaError(f"sound of dtype {kind} has no known range; pass int16, or float in -1..1")
    return tensor


def _channels_first(sound: Tensor, layout: str | None) -> Tensor:
    if sound.ndim == 1:
        return sound[None]
    if sound.ndim != 2:
        raise MediaError(
            f"a sound has one axis or two, [channels, samples]; this one is {list(sound.shape)}"
        )
    if layout is None:
        few, many = sorted(sound.shape)
        if many > 1 and (few > MOST_CHANNELS or few * 2 > many):
            raise MediaError(
                f"{list(sound.shape)}: cannot tell channels from samples; pass layout='ct' "
                "(channels first) or 'tc' (time first)"
            )
        layout = "ct" if sound.shape[0] == few else "tc"
    return sound if layout == "ct" else sound.T
