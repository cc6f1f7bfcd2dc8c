"""Images from arrays: which axis holds the channels, which range the values have."""

import numpy as np
import torch
from torch import Tensor

from ..errors import MediaError

LAYOUTS = ("chw", "hwc")
_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
# Values this far outside 0..1 are clamped: a quarter of an 8-bit step, more than undoing a
# normalisation in half precision costs. Anything further out is another range, not rounding.
_SLACK = 1e-3


def from_array(value: object, layout: str | None = None) -> Tensor:
    """The image [3, height, width] of a numpy array or a tensor, on the CPU.

    Grey is repeated, alpha is laid over white, uint16 is rounded to 8 bits. uint8 stays uint8,
    floats become float32. ``layout`` ("chw" or "hwc") is needed only where both are possible.
    """
    if layout is not None and layout not in LAYOUTS:
        raise MediaError(f"layout is {layout!r}; expected 'chw' or 'hwc'")
    image = _channels_first(as_tensor(value), layout)
    image = _checked_float(image) if image.is_floating_point() else _checked_integer(image)
    if image.shape[0] == 4:
        image = _over_white(image)
    return image.expand(3, -1, -1).clone(memory_format=torch.contiguous_format)


def as_tensor(value: object) -> Tensor:
    """Any array as a tensor on the CPU; a numpy array is copied."""
    if isinstance(value, Tensor):
        if value.layout != torch.strided:
            raise MediaError(f"a tensor of layout {value.layout}; call .to_dense() first")
        return value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind not in "buif":
        raise MediaError(f"an array of dtype {array.dtype}; expected uint8, or float in 0..1")
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)  # long double
    # A copy: torch takes neither read-only memory, negative strides nor foreign byte order.
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C", copy=True))


def _channels_first(image: Tensor, layout: str | None) -> Tensor:
    shape = list(image.shape)
    if image.ndim not in (2, 3):
        raise MediaError(
            f"an array of shape {shape}; one image has 2 axes (grey) or 3, a batch of images 4"
        )
    if 0 in shape:
        raise MediaError(f"an empty image, shape {shape}")
    if image.ndim == 2:
        return image[None]
    first, last = shape[0] in _CHANNELS, shape[-1] in _CHANNELS
    if layout is None and first and last:
        raise MediaError(
            f"shape {shape} can be read with the channels first or last; "
            'pass layout="chw" or layout="hwc"'
        )
    channels_last = last and not first if layout is None else layout == "hwc"
    if not (last if channels_last else first):
        stated = f" with layout={layout!r}" if layout else ""
        raise MediaError(
            f"shape {shape}{stated} has no channel axis: expected 1, 3 or 4 channels first or "
            "last (a batch of grey images is [item, 1, height, width])"
        )
    return image.permute(2, 0, 1) if channels_last else image


def _checked_integer(image: Tensor) -> Tensor:
    if image.dtype == torch.uint8:
        return image
    if image.dtype == torch.uint16:
        return image.to(torch.int32).add_(128).div_(257, rounding_mode="floor").to(torch.uint8)
    way = "(255 * mask).astype('uint8')" if image.dtype == torch.bool else ".astype('uint8')"
    raise MediaError(
        f"values of type {str(image.dtype).removeprefix('torch.')} have no known range; expected "
        f"uint8 (0..255), uint16 (0..65535) or float (0..1). If they are 0..255: {way}"
    )


def _checked_float(image: Tensor) -> Tensor:
    image = image.to(torch.float32)
    low, high = (float(bound) for bound in image.aminmax())
    if not bool(torch.isfinite(image).all()):
        raise MediaError("the image contains NaN or infinite values")
    if low >= -_SLACK and high <= 1 + _SLACK:
        return image.clamp(0, 1)
    hint = "scale them to 0..1"
    if low < -_SLACK:
        hint = "is it -1..1? then (x + 1) / 2" if low >= -1.5 and high <= 1.5 else hint
    elif high <= 255.5:
        hint = "divide by 255"
    elif high <= 65535:
        hint = "divide by 65535"
    raise MediaError(f"float values from {low:.4g} to {high:.4g}; expected 0..1 ({hint})")


def _over_white(image: Tensor) -> Tensor:
    colour, alpha = image[:3], image[3:]
    if image.is_floating_point():
        return colour * alpha + (1 - alpha)
    colour, alpha = colour.to(torch.int32), alpha.to(torch.int32)
    mixed = colour * alpha + 255 * (255 - alpha) + 127
    return mixed.div_(255, rounding_mode="floor").to(torch.uint8)
