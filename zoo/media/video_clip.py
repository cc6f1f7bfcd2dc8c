"""A video whose frames are decoded when they are asked for, and one that is in memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from ..errors import MediaError


class Clip(ABC):
    """Frames that can be had one by one; what it costs to open one does not grow with them.

    ``size`` is (height, width) of a frame as it is shown. ``times`` is the second at which each
    frame appears, the first at 0; None if nobody said. ``fps`` is the average rate, None if unknown.
    """

    size: tuple[int, int]
    times: tuple[float, ...] | None
    fps: float | None

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def frames(self, indices: Iterable[int] | None = None) -> Iterator[Tensor]:
        """The frames [3, height, width] with these numbers, rising or repeated; None: all.

        Only one frame is held at a time. Raises MediaError for a frame that cannot be decoded.
        """

    def stacked(self, indices: Sequence[int] | None = None) -> Tensor:
        """``frames`` as one tensor [frames, 3, height, width]."""
        # The channels lie last in memory: going to Pillow to resize costs no copy.
        count = len(self) if indices is None else len(indices)
        found: Tensor | None = None  # [frames, height, width, 3]
        for place, frame in enumerate(self.frames(indices)):
            if found is None:
                found = torch.empty((count, *self.size, 3), dtype=frame.dtype)
            found[place].copy_(frame.permute(1, 2, 0))
        if found is None:
            raise MediaError("the video has no frames")
        return found.permute(0, 3, 1, 2)

    def windows(self, size: int) -> Iterator[Tensor]:
        """All frames, ``size`` at a time: [frames, 3, height, width], the last may be shorter."""
        held: list[Tensor] = []
        for frame in self.frames():
            held.append(frame)
            if len(held) == size:
                yield torch.stack(held)
                held = []
        if held:
            yield torch.stack(held)


class ArrayClip(Clip):
    """Frames [frames, 3, height, width] in memory, with what is known of their times."""

    def __init__(self, frames: Tensor, times: tuple[float, ...] | None, fps: float | None) -> None:
        self.tensor, self.times, self.fps = frames, times, fps
        self.size = (frames.shape[2], frames.shape[3])

    def __len__(self) -> int:
        return self.tensor.shape[0]

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[Tensor]:
        """See :class:`Clip`."""
        return (self.tensor[index] for index in (range(len(self)) if indices is None else indices))

    def stacked(self, indices: Sequence[int] | None = None) -> Tensor:
        """See :class:`Clip`; all of them are the tensor itself."""
        return self.tensor if indices is None else self.tensor[list(indices)]
