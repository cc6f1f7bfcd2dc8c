"""What video families share: frames as the card says, windows of long videos, restoring."""

from abc import ABC
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from .cards import VideoInput
from .media import Media, Prepared, VideoPrepare, restore_video
from .media.pixels import PixelScale
from .media.timing import continued
from .tokenizer import Tokenizer
from .tokens import Origin


class VideoTokenizer(Tokenizer, ABC):
    """A tokenizer of videos whose card gives size, fit, frames, fps, sampling, mean and std.

    ``_encode`` gets [item, frames, 3, height, width], ``_decode`` gives it back, in 0..1. Where the
    card gives ``frames`` and its tokens a ``segment`` (the positions of so many frames), both are
    called with one window per item; a video of several windows is one item whose positions follow
    one another in time.
    """

    @property
    def input(self) -> VideoInput:
        """What the card says of the videos that go in."""
        given = self.card.input
        assert isinstance(given, VideoInput)
        return given

    @property
    def prepare(self) -> VideoPrepare:
        """Take frames, resize and crop as the card says."""
        given = self.input
        return VideoPrepare(
            given.size, given.fit, given.interpolation, given.frames, given.fps, given.sampling
        )

    @property
    def window(self) -> int | None:
        """Positions that are encoded and decoded by themselves; None: all of an item."""
        return self.spec.segment

    def pieces(self, item: object, **options: Any) -> Iterator[Prepared]:
        """The windows of a video, prepared one after another."""
        return self.prepare.windows(item, **options)

    def cut(self, prepared: Prepared) -> Iterator[Prepared]:
        """The windows of frames that are in memory."""
        return self.prepare.cut(prepared)

    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """The frames that the model saw, at the size of the part of the original it saw."""
        return restore_video(item, origin, native, input_size=self.input.size)

    def media(
        self, items: Sequence[Tensor], origins: Sequence[Origin | None], rate: int | None
    ) -> Media:
        """Videos with the times of the frames they stand for.

        Frames that only fill a window go on at the same pace. Without an origin the rate is the
        card's.
        """
        usual = self.card.output.fps
        times = [
            continued(None if origin is None else origin.times, len(item), usual)
            for item, origin in zip(items, origins, strict=True)
        ]
        return Media(self.modality, items, times=times)

    @property
    def patches(self) -> tuple[int, int] | None:
        """Rows and columns of the token grid of a frame, where they are always the same."""
        return None

    def usual_grid(self, lengths: Tensor) -> Tensor | None:
        """The grid (frames, rows, columns) of whole windows."""
        if self.patches is None or self.window is None or self.input.frames is None:
            return None
        frames = lengths // self.window * self.input.frames
        sides = lengths.new_tensor([self.patches]).expand(len(lengths), -1)
        return torch.cat([frames[:, None], sides], 1)

    def _count(self, prepared: Tensor) -> int:
        """Positions of whole windows."""
        if self.window is None or self.input.frames is None:
            return super()._count(prepared)
        return -(-len(prepared) // self.input.frames) * self.window

    def normalized(self, batch: Tensor) -> Tensor:
        """Prepared frames [..., 3, height, width], uint8 or 0..1 -> (x - mean) / std."""
        return self._scale.normalized(batch).to(self.dtype)

    def pixels(self, frames: Tensor) -> Tensor:
        """The inverse: a network's frames -> float32 in 0..1, clamped."""
        return self._scale.pixels(frames)

    @property
    def _scale(self) -> PixelScale:
        return PixelScale(self.input.mean, self.input.std)
