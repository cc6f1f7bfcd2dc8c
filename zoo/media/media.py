"""Media: a batch in canonical form, what ``zoo.read`` makes and decode returns."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from ..errors import MediaError
from .audio_array import whole_rate
from .kinds import handler
from .save import save
from .timing import video_timing

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

Rate = TypeVar("Rate", int, float | None)
_SHOWN = 16  # items in a notebook's display


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Media:
    """A batch of media of one modality.

    An image is a tensor [3, height, width], sRGB: uint8 as decoded from an 8-bit source, or
    float32 in 0..1. A sound is float32 [channels, samples] in -1..1 with a rate in Hz: ``rate``
    is given as one for all items or one per item. A video is [frames, 3, height, width] as an
    image, with ``times`` in seconds per item and frame, or ``fps`` (for all items or one each),
    or both, where the rate is not what the times say; None where nobody knows. Items may differ
    in size; only ``tensor`` and ``numpy`` need them equal. ``media[i]``, slices and iteration
    give Media again.

    >>> import torch
    >>> media = Media("image", torch.zeros(2, 3, 4, 6))
    >>> len(media), media[0].tensor.shape
    (2, torch.Size([1, 3, 4, 6]))
    """

    modality: str
    items: tuple[Tensor, ...]
    rates: tuple[int, ...] | None
    frame_rates: tuple[float | None, ...] | None
    times: tuple[tuple[float, ...] | None, ...] | None

    def __init__(
        self,
        modality: str,
        items: Iterable[Tensor],
        *,
        rate: int | Sequence[int] | None = None,
        fps: float | Sequence[float | None] | None = None,
        times: Iterable[Iterable[float] | None] | None = None,
    ):
        check = handler(modality).check
        object.__setattr__(self, "modality", modality)
        object.__setattr__(self, "items", tuple(check(_tensor(item)) for item in items))
        object.__setattr__(self, "rates", _one_each(rate, len(self.items)))
        if self.rates is None and modality == "audio":
            raise MediaError("sound needs its sample rate: Media('audio', items, rate=...)")
        if modality != "video" and (fps is not None or times is not None):
            raise MediaError(f"fps and times are for video, not for {modality}")
        timing = (None, None) if modality != "video" else video_timing(self.items, fps, times)
        object.__setattr__(self, "frame_rates", timing[0])
        object.__setattr__(self, "times", timing[1])

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> "Media":
        if not isinstance(index, slice):
            place = range(len(self))[index]  # an IndexError, a negative index: as everywhere
            index = slice(place, place + 1)
        return Media(
            self.modality,
            self.items[index],
            rate=None if self.rates is None else self.rates[index],
            fps=None if self.frame_rates is None else self.frame_rates[index],
            times=None if self.times is None else self.times[index],
        )

    def __iter__(self) -> Iterator["Media"]:
        return (self[index] for index in range(len(self)))

    @property
    def rate(self) -> int | None:
        """The sample rate of all items in Hz; a MediaError if they differ (see ``rates``)."""
        return None if self.rates is None else _common(self.rates, "rate")

    @property
    def fps(self) -> float | None:
        """The frame rate of all items; a MediaError if they differ (see ``frame_rates``)."""
        return None if self.frame_rates is None else _common(self.frame_rates, "frame rate")

    @property
    def tensor(self) -> Tensor:
        """The canonical float32 batch.

        Images: [item, 3, height, width] in 0..1; sound: [item, channels, samples] in -1..1;
        video: [item, frames, 3, height, width] in 0..1.

        A MediaError if the items differ in shape or there are none.
        """
        shapes = {tuple(item.shape) for item in self.items}
        if len(shapes) != 1:
            found = ", ".join(str(list(shape)) for shape in sorted(shapes)) or "no items"
            raise MediaError(
                f"one tensor needs items of one shape, this batch has {found}; take one item "
                "(media[i].tensor), or decode with native=True to get the model's own size"
            )
        canonical = handler(self.modality).canonical
        return torch.stack([canonical(item) for item in self.items])

    def numpy(self) -> "np.ndarray":
        """``tensor`` as a float32 numpy array."""
        return self.tensor.cpu().numpy()

    def pil(self) -> "Image | list[Image]":
        """The image of a batch of one, 8 bits a channel; of a video the list of its frames.

        Of more items: ``[m.pil() for m in media]``.
        """
        if self.modality == "audio" or len(self) != 1:
            raise MediaError(f"pil() is for one image, this is {self!r}; take one: media[i].pil()")
        to_pil = handler("image").to_pil
        if self.modality == "video":
            return [to_pil(frame) for frame in self.items[0]]
        return to_pil(self.items[0])

    def to(self, device: str | torch.device) -> "Media":
        """The same media with its tensors on ``device``."""
        moved = [item.to(device) for item in self.items]
        return Media(self.modality, moved, rate=self.rates, fps=self.frame_rates, times=self.times)

    def save(self, path: str | os.PathLike[str], *, fps: float | None = None) -> list[Path]:
        """Write every item to a file; returns the paths written.

        - ``"out.png"``: one file, for a batch of one, in the format that the suffix names.
        - ``"out/{:03}.jpg"``: one file an item, its index (from 0) in the braces.
        - ``"out/"``, an existing folder, or a name without suffix: ``out/0000.png`` and so on;
          the folder is made if need be.

        Each file appears whole or not at all. Images are rounded to 8 bits, sound to 16. A
        video keeps its times, unless ``fps`` says how fast to show it: mp4 and mov (H.264), webm
        (VP9), gif, and mkv, which keeps every pixel (FFV1). MediaError: an unknown suffix,
        several items for one file, a folder that is missing, a full disk.
        """
        timed = self if fps is None else Media(self.modality, self.items, rate=self.rates, fps=fps)
        return save(timed, os.fspath(path))

    def __repr__(self) -> str:
        shapes = ", ".join(str(list(item.shape)) for item in self.items[:4])
        count = "1 item" if len(self) == 1 else f"{len(self)} items"
        return f"Media({self.modality}, {count}: {shapes}{', ...' if len(self) > 4 else ''})"

    def _repr_png_(self) -> bytes | None:
        if self.modality != "image" or len(self) != 1:
            return None
        return handler("image").png(self.items[0])

    def _repr_html_(self) -> str | None:
        if self.modality == "image" and len(self) == 1:
            return None  # a notebook shows the PNG instead
        html = "".join(handler(self.modality).html(one) for one in islice(self, _SHOWN))
        return html + (f"<p>and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else "")


def _common(rates: Sequence[Rate], what: str) -> Rate:
    if len(set(rates)) != 1:
        found = ", ".join(map(str, dict.fromkeys(rates))) or "no items"
        raise MediaError(f"one {what} needs items of one {what}, this batch has {found}")
    return rates[0]


def _tensor(item: object) -> Tensor:
    if not isinstance(item, Tensor):
        raise MediaError(
            f"Media holds tensors, not {type(item).__name__}; zoo.read makes it from other things"
        )
    return item


def _one_each(rate: Any, items: int) -> tuple[int, ...] | None:
    if rate is None:
        return None
    given = rate.tolist() if hasattr(rate, "tolist") else rate
    many = isinstance(given, Sequence) and not isinstance(given, str)
    rates = tuple(given) if many else (given,) * items
    if len(rates) != items:
        raise MediaError(f"{len(rates)} sample rates given for {items} items")
    return tuple(map(whole_rate, rates))
