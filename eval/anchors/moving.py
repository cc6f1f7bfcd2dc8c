"""H.264 and AV1 by PyAV, at constant quality, with frames that predict each other."""

import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import av
import numpy as np
import torch
from torch import Tensor

from zoo.errors import NotSupportedError
from zoo.media.image import to_uint8

from .base import Anchor, Setting

COUNTED = "8 x the bytes of all packets, parameter sets included, without the container"
FPS = 25  # that encoders are told; at constant quality it hardly matters
UNIT = re.compile(rb"(?=\x00\x00\x00\x01)|(?<!\x00)(?=\x00\x00\x01)")
"""Before each start code of an H.264 byte stream."""
NOTE = 6  # type of a unit that decoders may skip: x264 signs its name in some 5,000 bits


def h264() -> Anchor:
    """H.264 by x264, its slowest useful effort.

    Raises:
        NotSupportedError: where this PyAV cannot encode it.
    """
    options = {"preset": "veryslow"}
    return _anchor(
        "h264", ("libx264", "h264"), (51, 46, 41, 36, 31, 26, 21, 16), options, without_notes
    )


def av1() -> Anchor:
    """AV1 by SVT-AV1, one thread.

    Raises:
        NotSupportedError: where this PyAV cannot encode it.
    """
    os.environ.setdefault("SVT_LOG", "1")  # errors only
    options = {"preset": "3", "svtav1-params": "lp=1"}
    return _anchor("av1", ("libsvtav1", "libdav1d"), (63, 57, 50, 43, 36, 28, 20), options, bytes)


def without_notes(packet: Any) -> bytes:
    """An H.264 packet without what does not take part in decoding."""
    units = UNIT.split(bytes(packet))
    kinds = [unit.lstrip(b"\x00")[1:2] for unit in units]
    return b"".join(
        u for u, kind in zip(units, kinds, strict=True) if kind and kind[0] & 31 != NOTE
    )


def _anchor(
    name: str,
    codecs: tuple[str, str],
    settings: tuple[int, ...],
    options: dict[str, str],
    clean: Callable[[Any], bytes],
) -> Anchor:
    for codec in codecs:
        if codec not in av.codecs_available:
            raise NotSupportedError(f"{name}: this PyAV was built without {codec}")
    code = partial(_code, codecs, options, clean)
    library = f"PyAV {av.__version__} {codecs[0]}"
    return Anchor(name, "crf", tuple(map(Setting, settings)), code, COUNTED, library)


def _code(
    codecs: tuple[str, str],
    options: dict[str, str],
    clean: Callable[[Any], bytes],
    item: Tensor,
    rate: int | None,
    setting: Setting,
) -> tuple[Tensor, int]:
    frames = to_uint8(item).permute(0, 2, 3, 1).numpy()  # [frame, height, width, 3]
    height, width = frames.shape[1:3]
    even = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    coder: Any = av.CodecContext.create(codecs[0], "w")
    coder.width, coder.height, coder.pix_fmt = even.shape[2], even.shape[1], "yuv420p"
    coder.framerate, coder.thread_count = FPS, 1
    coder.options = {**options, "crf": str(setting.quality)}
    packets = [clean(packet) for packet in _encoded(coder, even)]
    decoder: Any = av.CodecContext.create(codecs[1], "r")
    decoder.thread_count = 1
    parts = [*map(av.Packet, packets), None]
    decoded = [frame.to_ndarray(format="rgb24") for one in parts for frame in decoder.decode(one)]
    back = torch.from_numpy(np.stack(decoded)[:, :height, :width]).permute(0, 3, 1, 2)
    return back, 8 * sum(map(len, packets))


def _encoded(coder: Any, frames: Iterable[np.ndarray]) -> list[Any]:
    packets = []
    for time, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture.pts = time
        packets += coder.encode(picture)
    return [*packets, *coder.encode(None)]
