"""Pictures through FFmpeg into a video file, one after another."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..errors import MediaError

_CLOCK = Fraction(1, 90000)  # of videos whose frames do not come at one rate
_BT709, _LIMITED = 1, 1  # FFmpeg's numbers for the colour matrix and the range

Shot = tuple[np.ndarray, int, int]  # a picture [height, width, 3] uint8, and its ticks


class Format(NamedTuple):
    """How a kind of file is encoded."""

    container: str
    codecs: tuple[str, ...]  # the first that this FFmpeg has
    pixels: str
    options: dict[str, str]

    @property
    def halved(self) -> bool:
        """Whether colours are kept for every second row and column only."""
        return self.pixels == "yuv420p"


def encode(
    pictures: Iterable[np.ndarray],
    times: Sequence[float],
    target: Path | BinaryIO,
    kind: Format,
) -> None:
    """Write uint8 pictures [height, width, 3] of one size.

    ``times`` has the second at which each appears, and last the one at which the last one goes. A
    picture that is on screen for no time is left out.

    Raises:
        MediaError: if FFmpeg cannot write them.
    """
    import av
    from av.error import FFmpegError

    base, rate = _clock(times)
    codec = next(name for name in kind.codecs if name in av.codecs_available)
    options = kind.options if codec == kind.codecs[0] else {}
    shots = _shots(pictures, [round(Fraction(time - times[0]) / base) for time in times])
    try:
        with av.open(target, "w", format=kind.container) as container:
            track: Any = None
            for picture, stamp, until in shots:
                picture = _even(picture) if kind.halved else np.ascontiguousarray(picture)
                if track is None:
                    track = container.add_stream(codec, rate=rate, options=options)
                    track.height, track.width = picture.shape[:2]
                    track.pix_fmt, track.codec_context.time_base = kind.pixels, base
                    if kind.halved:
                        track.codec_context.colorspace = _BT709
                        track.codec_context.color_range = _LIMITED
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                if kind.halved:
                    frame = frame.reformat(
                        format=kind.pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
                    )
                frame.pts, frame.time_base, frame.duration = stamp, base, until - stamp
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    except FFmpegError as error:
        raise MediaError(f"FFmpeg cannot write this video as {codec} ({error.strerror})") from error


def _shots(pictures: Iterable[np.ndarray], stamps: Sequence[int]) -> Iterator[Shot]:
    for picture, stamp, until in zip(pictures, stamps, stamps[1:], strict=False):
        if until > stamp:
            yield picture, stamp, until


def _clock(times: Sequence[float]) -> tuple[Fraction, Fraction]:
    """A tick in seconds and frames per second; where frames come at one rate, a tick is one."""
    mean = max(Fraction(times[-1] - times[0]) / (len(times) - 1), Fraction(1, 1000))
    rate = (1 / mean).limit_denominator(1001)
    expected = (times[0] + float(number / rate) for number in range(len(times)))
    regular = all(abs(a - b) * rate < 0.01 for a, b in zip(times, expected, strict=True))
    return (1 / rate if regular else _CLOCK), rate


def _even(picture: np.ndarray) -> np.ndarray:
    """With its last row and column twice where their number is odd."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
