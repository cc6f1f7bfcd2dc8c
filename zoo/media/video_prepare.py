"""From a video of any length, rate and size to the frames that a model takes, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import torch
from torch import Tensor

from ..engine.options import Option
from ..errors import MediaError
from ..tokens.origin import Origin
from .prepare import FITS, ImagePrepare, Prepared
from .restore import restore_image
from .sources import sources
from .video_clip import Clip
from .video_sampling import dense, spread
from .video_torchcodec import by_torchcodec

SAMPLINGS = ("spread", "dense")
DECODERS = ("pyav", "torchcodec")


@dataclass(frozen=True)
class VideoPrepare:
    """Take frames of a video and bring each to ``size`` (height, width); no weights, can be pickled.

    - ``spread``: exactly ``frames`` frames over the whole video, one every 1/``fps`` seconds if
      that many fit, as :func:`zoo.media.video_sampling.spread` says.
    - ``dense``: the frame on screen at every 1/``fps`` seconds (``fps`` None: every frame), as many
      as there are; ``windows`` cuts them into windows of ``frames``.

    Each frame is fitted as :class:`zoo.media.ImagePrepare` fits an image. Only the frames that are
    taken are decoded and held at the video's own size one at a time.
    """

    size: tuple[int, int]
    fit: str = "crop"
    interpolation: str = "bicubic"
    frames: int | None = None
    fps: float | None = None
    sampling: str = "dense"
    image: ImagePrepare = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        image = ImagePrepare(self.size, self.fit, self.interpolation)
        object.__setattr__(self, "image", image)
        self._check(self.sampling, self.fps)

    def __call__(
        self,
        item: object,
        *,
        sampling: Annotated[str | None, Option("which frames are taken", choices=SAMPLINGS)] = None,
        fps: Annotated[float | None, Option("frames taken per second", low=1e-3, high=1e3)] = None,
        fit: Annotated[str | None, Option("how a frame meets the size", choices=FITS)] = None,
        decoder: Annotated[
            str, Option("torchcodec: the system's FFmpeg, where installed", choices=DECODERS)
        ] = DECODERS[0],
        layout: str | None = None,
    ) -> Prepared:
        """All frames that are taken of one video: [frames, 3, height, width], and their origin."""
        clip = _opened(item, layout, decoder)
        indices, times = self._chosen(clip, sampling, fps)
        return self._fitted(indices, times, fit, clip.frames(indices))

    def windows(
        self,
        item: object,
        *,
        sampling: str | None = None,
        fps: float | None = None,
        fit: str | None = None,
        decoder: str = DECODERS[0],
        layout: str | None = None,
    ) -> Iterator[Prepared]:
        """The same frames, ``frames`` at a time; the last one is repeated to fill a window.

        A window is prepared when it is asked for. ``origin.times`` has the true frames only, ``origin.out_samples`` their number. Where
        ``frames`` is None, there is one window of all of them.
        """
        clip = _opened(item, layout, decoder)
        indices, times = self._chosen(clip, sampling, fps)
        step = self.frames or len(indices)
        source = clip.frames(indices)
        for start in range(0, len(indices), step):
            part = slice(start, start + step)
            yield _filled(self._fitted(indices[part], times and times[part], fit, source), step)

    def cut(self, prepared: Prepared) -> Iterator[Prepared]:
        """The windows of what ``__call__`` gave."""
        tensor, origin = prepared
        step = self.frames or len(tensor)
        for start in range(0, len(tensor), step):
            frames = tensor[start : start + step]
            times = origin.times and origin.times[start : start + step]
            own = replace(origin, times=times, out_samples=len(frames))
            yield _filled(Prepared(frames, own), step)

    def _chosen(
        self, clip: Clip, sampling: str | None, fps: float | None
    ) -> tuple[Sequence[int], tuple[float, ...] | None]:
        sampling, fps = sampling or self.sampling, fps or self.fps
        self._check(sampling, fps)
        if sampling == "spread":
            assert self.frames is not None
            assert fps is not None
            indices = spread(len(clip), clip.fps, fps, self.frames)
            return indices, clip.times and tuple(clip.times[index] for index in indices)
        if fps is None or clip.times is None:
            if fps is not None and len(clip) != self.frames:
                raise MediaError(f"{len(clip)} frames without a frame rate; pass (frames, fps)")
            return range(len(clip)), clip.times
        return dense(clip.times, clip.fps, fps)

    def _fitted(
        self,
        indices: Sequence[int],
        times: tuple[float, ...] | None,
        fit: str | None,
        source: Iterator[Tensor],
    ) -> Prepared:
        """Frames ``indices``, the next of ``source``, prepared one by one."""
        found: list[Prepared] = []
        for place, index in enumerate(indices):
            frame = next(source)
            repeated = place > 0 and index == indices[place - 1]
            found.append(found[-1] if repeated else self.image.fitted(frame, fit))
        origin = replace(found[0].origin, times=times, out_samples=len(found))
        return Prepared(torch.stack([one.tensor for one in found]), origin)

    def _check(self, sampling: str, fps: float | None) -> None:
        if sampling not in SAMPLINGS:
            raise MediaError(f"sampling is {sampling!r}; expected one of: {', '.join(SAMPLINGS)}")
        if sampling == "spread" and (self.frames is None or fps is None):
            raise MediaError("sampling='spread' needs a number of frames and a rate (fps)")


def _filled(window: Prepared, size: int) -> Prepared:
    """A window of ``size`` frames, the last one repeated where there are fewer."""
    frames = window.tensor
    missing = size - len(frames)
    return (
        window
        if not missing
        else Prepared(torch.cat([frames, frames[-1:].expand(missing, -1, -1, -1)]), window.origin)
    )


def _opened(item: object, layout: str | None, decoder: str) -> Clip:
    if decoder not in DECODERS:
        raise MediaError(f"decoder is {decoder!r}; expected one of: {', '.join(DECODERS)}")
    clip = open_video(item, layout)
    return clip if decoder == DECODERS[0] else by_torchcodec(clip)


def open_video(item: object, layout: str | None = None) -> Clip:
    """One video of any kind that encode takes, to read its frames one by one or in windows.

    >>> for frames in open_video("film.mkv").windows(100):  # doctest: +SKIP
    ...     print(frames.shape)
    torch.Size([100, 3, 1080, 1920])

    Raises:
        MediaError: for what cannot be read, and for several videos.
    """
    found = sources(item, "video", layout=layout)
    if len(found) != 1:
        raise MediaError(f"expected one video, got {len(found)}")
    return found[0].open()


def restore_video(
    frames: Tensor,
    origin: Origin | None,
    native: bool = False,
    *,
    input_size: tuple[int, int] | None = None,
) -> Tensor:
    """Scale decoded frames [frames, 3, height, width] to the part of the input they show.

    Frame by frame as :func:`zoo.media.restore_image`; frames that only filled the last window are
    left out. Without an origin, or with ``native``, everything is returned as it is.
    """
    if native or origin is None:
        return frames
    if origin.out_samples is not None:
        frames = frames[: origin.out_samples]
    if origin.size is None:
        return frames
    return torch.stack([restore_image(frame, origin, input_size=input_size) for frame in frames])
