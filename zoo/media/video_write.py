"""Videos as files and in notebooks."""

import base64
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import MediaError
from .image import to_uint8
from .media import Media
from .video_encode import Format, encode

_H264 = Format("mp4", ("libx264", "mpeg4"), "yuv420p", {"crf": "16", "threads": "2"})
_VP9 = {"crf": "24", "b:v": "0", "cpu-used": "4"}
_FORMATS = {
    ".mp4": _H264,
    ".mov": _H264._replace(container="mov"),
    ".webm": Format("webm", ("libvpx-vp9", "libvpx"), "yuv420p", _VP9),
    ".mkv": Format("matroska", ("ffv1",), "bgr0", {}),
}
SUFFIXES = (*_FORMATS, ".gif")
_SHOWN = 512  # pixels of the width in a notebook


def write(one: Media, path: Path) -> None:
    """Write the item in the format that the suffix names.

    mp4 and mov: H.264 (MPEG-4 where FFmpeg has no x264); webm: VP9; mkv: FFV1, every pixel as it
    is; gif: 256 colours a frame, hundredths of a second, equal frames in a row as one. Times are kept, counted from the first
    frame. H.264 and VP9 in 4:2:0 need even sides: an odd one gets its last row or column twice.
    """
    write_pictures(_pictures(one), _times(one), path)


def write_pictures(pictures: Iterable[np.ndarray], times: Sequence[float], path: Path) -> None:
    """Write uint8 pictures [height, width, 3] one by one; ``times`` ends with the end of the last."""
    if path.suffix.lower() == ".gif":
        _write_gif(pictures, times, path)
    else:
        encode(pictures, times, path, _FORMATS[path.suffix.lower()])


def html(one: Media) -> str:
    """The item as an HTML player that needs no file."""
    stream = BytesIO()
    encode(_pictures(one), _times(one), stream, _H264)
    data = base64.b64encode(stream.getvalue()).decode()
    return (
        f'<video controls loop style="max-width: {_SHOWN}px" '
        f'src="data:video/mp4;base64,{data}"></video>'
    )


def ending(times: Sequence[float], fps: float | None) -> list[float]:
    """``times`` and the moment at which the last frame goes: after a frame at ``fps``."""
    last = 1 / fps if fps else (times[-1] - times[0]) / max(1, len(times) - 1)
    return [*times, times[-1] + (last or 1.0)]


def _times(one: Media) -> list[float]:
    known = None if one.times is None else one.times[0]
    if known is None:
        raise MediaError(
            "these frames have no times, and a file needs them; say the frame rate: "
            "media.save(path, fps=25)"
        )
    return ending(known, one.fps)


def _pictures(one: Media) -> Iterable[np.ndarray]:
    return (to_uint8(frame).permute(1, 2, 0).cpu().numpy() for frame in one.items[0])


def _write_gif(pictures: Iterable[np.ndarray], times: Sequence[float], path: Path) -> None:
    hundredths = [round(100 * (time - times[0])) for time in times]
    shown = zip(pictures, hundredths, hundredths[1:], strict=False)
    kept = [(Image.fromarray(shot), until - start) for shot, start, until in shown if until > start]
    if not kept:
        raise MediaError("a GIF counts in hundredths of a second; these frames are shorter")
    first, *others = [picture for picture, _ in kept]
    spans = [10 * span for _, span in kept]  # milliseconds
    first.save(path, save_all=True, append_images=others, duration=spans, loop=0)
