"""Frames of video files through torchcodec, where it is installed and finds an FFmpeg."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor

from ..errors import MediaError, NotSupportedError
from .video_clip import Clip
from .video_file import VideoFile


class TorchcodecFile(Clip):
    """A video file that is opened, checked and timed as ever, and decoded by torchcodec.

    torchcodec uses the system's FFmpeg, PyAV its own: 8-bit videos have the same pixels, 10-bit
    ones do not.

    Raises:
        NotSupportedError: where torchcodec is missing or finds no FFmpeg.
        MediaError: where the two count other frames.
    """

    def __init__(self, file: VideoFile) -> None:
        self.size, self.times, self.fps = file.size, file.times, file.fps
        self._decoder, self._count = _decoder(file.source), len(file)
        if len(self._decoder) != len(file):
            raise MediaError(
                f"torchcodec counts {len(self._decoder)} frames, PyAV {len(file)}; use "
                "decoder='pyav'"
            )

    def __len__(self) -> int:
        return self._count

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[Tensor]:
        """See :class:`Clip`."""
        for index in range(len(self)) if indices is None else indices:
            try:
                yield self._decoder[index]
            except (RuntimeError, IndexError) as error:
                raise MediaError(
                    f"frame {index} of {len(self)} cannot be decoded ({_first_line(error)})"
                ) from error


def by_torchcodec(clip: Clip) -> Clip:
    """``clip`` as torchcodec decodes it; frames that are in memory stay what they are."""
    return TorchcodecFile(clip) if isinstance(clip, VideoFile) else clip


def _decoder(source: object) -> Any:
    try:
        from torchcodec.decoders import VideoDecoder  # pyright: ignore[reportMissingImports]

        given = os.fspath(source) if isinstance(source, os.PathLike) else source
        return VideoDecoder(given, seek_mode="exact", dimension_order="NCHW")
    except ModuleNotFoundError as error:
        raise NotSupportedError(
            "decoder='torchcodec' needs the package torchcodec: pip install torchcodec"
        ) from error
    except (RuntimeError, ValueError) as error:
        if "libtorchcodec" in str(error):
            raise NotSupportedError(
                "torchcodec finds no FFmpeg libraries (version 4 to 9) on this machine; install "
                "ffmpeg with its shared libraries, or use decoder='pyav'"
            ) from error
        raise MediaError(f"not a video that torchcodec can read ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
