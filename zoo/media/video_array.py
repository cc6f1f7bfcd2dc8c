"""Videos from arrays and from lists of pictures: which axis is which, which range values have."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ..errors import MediaError
from .image_array import as_tensor, from_array
from .image_file import from_pil
from .kinds import plain

LAYOUTS = ("tchw", "thwc")
_CHANNELS = (1, 3, 4)


def from_frames(value: object, layout: str | None = None) -> Tensor:
    """Frames [frames, 3, height, width] of an array with four axes, or of a list of pictures.

    Pictures are PIL images or arrays, as for images; all of one size. Grey is repeated, alpha
    laid over white, uint16 rounded to 8 bits; uint8 stays uint8, floats become float32.
    ``layout`` ("tchw" or "thwc") is needed only where both are possible.
    """
    if layout is not None and layout not in LAYOUTS:
        raise MediaError(f"layout is {layout!r}; a video's is one of: {', '.join(LAYOUTS)}")
    if isinstance(value, Sequence):
        return _from_list(value, layout and layout[1:])
    if not (isinstance(value, Tensor) or hasattr(value, "__array__")):
        raise MediaError(f"frames are an array or a list of pictures, not {type(value).__name__}")
    array = as_tensor(value)
    if array.ndim != 4:
        raise MediaError(
            f"an array of shape {list(array.shape)}; a video has 4 axes, [frames, 3, height, width] "
            "or [frames, height, width, 3] (grey ones have 1 channel)"
        )
    if 0 in array.shape:
        raise MediaError(f"an empty video, shape {list(array.shape)}")
    layout = layout or _guess(array)
    frames = array if layout == "tchw" else array.permute(0, 3, 1, 2)
    if frames.shape[1] not in _CHANNELS:
        raise MediaError(
            f"shape {list(array.shape)} read as {layout} has {frames.shape[1]} channels; expected 1, "
            "3 or 4 (a tensor [3, frames, height, width]: .transpose(0, 1) first)"
        )
    if frames.dtype == torch.uint8 and frames.shape[1] == 3:
        return frames.clone()
    return torch.stack([from_array(frame, "chw") for frame in frames])


def frame_rate(value: Any) -> float:
    """Frames per second as a float, or a MediaError."""
    number = plain(value)
    rate = float(number) if isinstance(number, Real) and not isinstance(number, bool) else 0.0
    if not 0 < rate <= 1e6:
        raise MediaError(f"the frame rate is {value!r}; expected frames per second, above 0")
    return rate


def _guess(array: Tensor) -> str:
    first, last = array.shape[1] in _CHANNELS, array.shape[3] in _CHANNELS
    if first and last:
        raise MediaError(
            f"shape {list(array.shape)} can be read with the channels before or after height and "
            'width; pass layout="tchw" or layout="thwc"'
        )
    return "thwc" if last else "tchw"


def _from_list(pictures: Sequence[object], layout: str | None) -> Tensor:
    frames: list[Tensor] = []
    for number, picture in enumerate(pictures, 1):
        try:
            is_pil = isinstance(picture, Image.Image)
            frames.append(from_pil(picture) if is_pil else from_array(picture, layout))
        except MediaError as error:
            raise MediaError(f"frame {number} of {len(pictures)}: {error}") from error
        if frames[-1].shape != frames[0].shape or frames[-1].dtype != frames[0].dtype:
            one, other = ([*f.shape, str(f.dtype)] for f in (frames[0], frames[-1]))
            raise MediaError(f"frame {number} of {len(pictures)} is {other}, the first is {one}")
    if not frames:
        raise MediaError("an empty video: a list of no frames")
    return torch.stack(frames)
