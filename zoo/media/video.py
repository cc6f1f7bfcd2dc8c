"""Videos: what is accepted, how an item is stored, written and shown (see ``kinds``)."""

import os

import torch
from PIL import Image
from torch import Tensor

from ..errors import MediaError
from . import image
from .media import Media
from .streams import is_encoded, open_stream
from .timing import regular_times
from .video_array import frame_rate, from_frames
from .video_clip import ArrayClip, Clip
from .video_file import VideoFile
from .video_write import SUFFIXES, html, write

__all__ = ["canonical", "check", "html", "load", "open", "suffixes", "write"]

BATCH_AXES = 5


def open(value: object, layout: str | None = None) -> Clip:
    """One video of any accepted kind; of a file, no frame is decoded before it is asked for.

    - a path, bytes, a file object: anything that FFmpeg reads, moving GIFs too;
    - an array [frames, 3, height, width] or [frames, height, width, 3], or ``(array, fps)``;
    - ``(pictures, fps)``: a list of PIL images or arrays. A list alone is a batch, as for all
      media, and one picture is no video;
    - Media of one video, and what this function returned.
    """
    if isinstance(value, Clip):
        return value
    if isinstance(value, Media):
        times = None if value.times is None else value.times[0]
        fps = None if value.frame_rates is None else value.frame_rates[0]
        frames = value.items[0].cpu()
        if frames.dtype != torch.uint8:  # its maker promised 0..1; here it is checked
            frames = from_frames(frames, "tchw")
        return ArrayClip(frames, times, fps)
    if is_encoded(value):
        if not isinstance(value, (str, os.PathLike)):
            with open_stream(value) as stream:
                value = stream.read()
        return VideoFile(value)
    if isinstance(value, tuple) and len(value) == 2:
        frames, fps = from_frames(value[0], layout), frame_rate(value[1])
        return ArrayClip(frames, regular_times(len(frames), fps), fps)
    if isinstance(value, Image.Image) or getattr(value, "ndim", 4) == 3:
        raise MediaError(
            "one picture, not a video; a list of pictures is a batch of them, and the frames of "
            "one video are passed as (frames, fps)"
        )
    if isinstance(value, Tensor) or hasattr(value, "__array__"):
        return ArrayClip(from_frames(value, layout), None, None)
    raise MediaError(
        f"{type(value).__name__} is not a video; expected a path, bytes, a file object, an array "
        "[frames, 3, height, width], (frames, fps), Media, or a list of these"
    )


def load(value: object, layout: str | None = None) -> Media:
    """One video of any accepted kind as a batch of one, all of its frames in memory."""
    clip = open(value, layout)
    height, width = clip.size
    needed, there = len(clip) * 3 * height * width, _memory()
    if needed > there:
        raise MediaError(
            f"{len(clip)} frames of {width} x {height} pixels take {needed / 1e9:.1f} GB, more than "
            "the memory of this machine; zoo.media.open_video(path) reads parts"
        )
    times = None if clip.times is None else [clip.times]
    return Media("video", [clip.stacked()], fps=clip.fps, times=times)


def check(item: Tensor) -> Tensor:
    """An item as it is stored: [frames, 3, height, width], uint8 or float32."""
    if item.ndim != 4 or item.shape[1] != 3 or 0 in item.shape:
        raise MediaError(
            f"a video item has shape [frames, 3, height, width], not {list(item.shape)}"
        )
    if item.dtype == torch.uint8:
        return item
    if not item.is_floating_point():
        raise MediaError(f"a video item is uint8 or float in 0..1, not {item.dtype}")
    return item.float()


canonical = image.canonical


def suffixes() -> tuple[str, ...]:
    """The file suffixes that can be written, the usual one first."""
    return SUFFIXES


def _memory() -> float:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not a Unix
        return float("inf")
