"""Videos as files and in notebooks."""

import base64
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor

from ..errors import MediaError
from .image import to_pil, to_uint8
from .media import Media


class _Format(NamedTuple):
    container: str
    codecs: tuple[str, ...]  # the first that this FFmpeg has
    pixels: str
    options: dict[str, str]


_H264 = _Format(
    "mp4", ("libx264", "mpeg4"), "yuv420p", {"crf": "16", "preset": "medium", "threads": "2"}
)
_FORMATS = {
    ".mp4": _H264,
    ".mov": _H264._replace(container="mov"),
    ".webm": _Format(
        "webm", ("libvpx-vp9", "libvpx"), "yuv420p", {"crf": "24", "b:v": "0", "cpu-used": "4"}
    ),
    ".mkv": _Format("matroska", ("ffv1",), "bgr0", {}),
}
SUFFIXES = (*_FORMATS, ".gif")
_CLOCK = Fraction(1, 90000)  # of videos whose frames do not come at one rate
_SHOWN = 512  # pixels of the longer side in a notebook


def write(one: Media, path: Path) -> None:
    """Write the item in the format that the suffix names.

    mp4 and mov: H.264 (MPEG-4 where FFmpeg has no x264); webm: VP9; mkv: FFV1, every pixel as it
    is; gif: 256 colours a frame, hundredths of a second. Times are kept. H.264 and VP9 in 4:2:0
    need even sides: an odd one gets its last row or column twice.
    """
    item, times = one.items[0], _times(one)
    if path.suffix.lower() == ".gif":
        _write_gif(item, times, path)
    else:
        _encode(item, times, path, _FORMATS[path.suffix.lower()])


def html(one: Media) -> str:
    """The item as an HTML player that needs no file."""
    stream = BytesIO()
    times = _times(one)
    _encode(one.items[0], times, stream, _H264)
    data = base64.b64encode(stream.getvalue()).decode()
    return (
        f'<video controls loop style="max-width: {_SHOWN}px" '
        f'src="data:video/mp4;base64,{data}"></video>'
    )


def _times(one: Media) -> list[Fraction]:
    """When each frame appears, and when the last one goes; rising."""
    known = None if one.times is None else one.times[0]
    if known is None:
        raise MediaError(
            "these frames have no times, and a file needs them; say the frame rate: "
            "media.save(path, fps=25)"
        )
    fps = None if one.frame_rates is None else one.frame_rates[0]
    last = 1 / fps if fps else (known[-1] - known[0]) / max(1, len(known) - 1)
    return [Fraction(time) for time in (*known, known[-1] + (last or 1.0))]


def _encode(item: Tensor, times: list[Fraction], target: Path | BinaryIO, kind: _Format) -> None:
    import av
    from av.error import FFmpegError

    step = _step(times)
    base = step or _CLOCK
    codec = next(name for name in kind.codecs if name in av.codecs_available)
    options = kind.options if codec == kind.codecs[0] else {}
    try:
        with av.open(target, "w", format=kind.container) as container:
            track: Any = container.add_stream(
                codec, rate=1 / (step or _mean(times)), options=options
            )
            height, width = item.shape[2:]
            even = kind.pixels == "yuv420p"
            track.width, track.height = width + even * (width % 2), height + even * (height % 2)
            track.pix_fmt, track.codec_context.time_base = kind.pixels, base
            if even:
                track.codec_context.colorspace, track.codec_context.color_range = 1, 1
            stamps = [round(time / base) for time in times]
            for frame, stamp, until in zip(item, stamps, stamps[1:], strict=False):
                if until <= stamp:  # on screen for no time: repeated by a sampling
                    continue
                picture = av.VideoFrame.from_ndarray(_even(frame) if even else _hwc(frame), "rgb24")
                if even:
                    picture = picture.reformat(
                        format=kind.pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
                    )
                picture.pts, picture.time_base, picture.duration = stamp, base, until - stamp
                container.mux(track.encode(picture))
            container.mux(track.encode(None))
    except FFmpegError as error:
        raise MediaError(f"FFmpeg cannot write this video as {codec} ({error.strerror})") from error


def _step(times: list[Fraction]) -> Fraction | None:
    """The time from frame to frame, if it is always the same."""
    mean = _mean(times)
    step = 1 / (1 / mean).limit_denominator(1001)
    regular = all(abs(time - times[0] - n * step) < step / 100 for n, time in enumerate(times))
    return step if regular else None


def _mean(times: list[Fraction]) -> Fraction:
    return max((times[-1] - times[0]) / (len(times) - 1), Fraction(1, 1000))


def _hwc(frame: Tensor) -> np.ndarray:
    return np.ascontiguousarray(to_uint8(frame).permute(1, 2, 0).cpu().numpy())


def _even(frame: Tensor) -> np.ndarray:
    picture = _hwc(frame)
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _write_gif(item: Tensor, times: list[Fraction], path: Path) -> None:
    hundredths = [round(time * 100) for time in times]
    kept: list[tuple[Image.Image, int]] = [
        (to_pil(frame), until - start)
        for frame, start, until in zip(item, hundredths, hundredths[1:], strict=False)
        if until > start
    ]
    if not kept:
        raise MediaError("a GIF counts in hundredths of a second; these frames are shorter")
    (first, _), *others = kept
    first.save(
        path,
        save_all=True,
        append_images=[picture for picture, _ in others],
        duration=[10 * span for _, span in kept],
        loop=0,
    )
