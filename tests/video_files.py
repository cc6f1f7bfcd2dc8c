"""Encoded videos made on the spot by FFmpeg, and what their frames should look like."""

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import torch

COLORS = np.array([(220, 40, 40), (40, 200, 60), (50, 70, 220), (230, 210, 50), (150, 60, 170)])

TAGS = {"ITU601": 6, "ITU709": 1}  # FFmpeg's numbers for the matrix of colours


def pictures(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """[height, width, 3] uint8: a colour that tells the frame's number, the left half darker."""
    frames = []
    for number in range(count):
        frame = np.empty((height, width, 3), np.uint8)
        frame[:] = COLORS[number % len(COLORS)]
        frame[:, : width // 2] //= 2
        frame[: height // 4] = 16 * (number // len(COLORS)) % 256
        frames.append(frame)
    return frames


def encoded(
    frames: Sequence[np.ndarray],
    container: str = "mp4",
    codec: str = "libx264",
    pixels: str = "yuv420p",
    *,
    rate: Fraction | int = 25,
    times: Sequence[float] | None = None,
    rotation: int | None = None,
    sound: bool = False,
    colorspace: str | None = None,
    **options: str,
) -> bytes:
    """A file of these frames; ``times`` in seconds, where they do not come at one rate."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as file:
        track: Any = file.add_stream(codec, rate=rate, options=options)
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = pixels
        base = Fraction(1, 1000) if times else 1 / Fraction(rate)
        track.codec_context.time_base = base
        if colorspace:
            track.codec_context.colorspace = TAGS[colorspace]
        if rotation is not None:
            track.set_display_rotation(rotation)
        voice: Any = file.add_stream("aac", rate=8000, layout="mono") if sound else None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(
                format=pixels, dst_colorspace=colorspace
            )
            picture.pts = round(times[number] * 1000) if times else number
            picture.time_base = base
            file.mux(track.encode(picture))
        file.mux(track.encode(None))
        if sound:
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.float32), "fltp", "mono")
            tone.sample_rate = 8000
            file.mux(voice.encode(tone))
            file.mux(voice.encode(None))
    return stream.getvalue()


def numbers(item: torch.Tensor) -> list[int]:
    """Which of the first five colours each frame [frames, 3, height, width] has, upright or not."""
    half = item[:, :, -item.shape[2] // 3 :, -item.shape[3] // 3 :]
    seen = half.float().mean((2, 3)).numpy()
    return [int(np.abs(COLORS - color).sum(1).argmin()) for color in seen]
