"""Media: a batch in canonical form, what ``zoo.read`` makes and decode returns."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import MediaError
from .kinds import handler
from .save import save

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_SHOWN = 16  # items in a notebook's display


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Media:
    """A batch of media of one modality.

    An image is a tensor [3, height, width], sRGB: uint8 as decoded from an 8-bit source, or
    float32 in 0..1. A sound is float32 [channels, samples] in -1..1 with a rate in Hz: ``rate``
    is given as one for all items or one per item. Items may differ in size; only ``tensor`` and
    ``numpy`` need them equal. ``media[i]``, slices and iteration give Media again. ``fps`` and
    ``times`` (seconds, per item and frame) are None for images and sound.

    >>> import torch
    >>> media = Media("image", torch.zeros(2, 3, 4, 6))
    >>> len(media), media[0].tensor.shape
    (2, torch.Size([1, 3, 4, 6]))
    """

    modality: str
    items: tuple[Tensor, ...]
    rates: tuple[int, ...] | None
    fps: float | None
    times: tuple[tuple[float, ...], ...] | None

    def __init__(
        self,
        modality: str,
        items: Iterable[Tensor],
        *,
        rate: int | Sequence[int] | None = None,
        fps: float | None = None,
        times: Iterable[Iterable[float]] | None = None,
    ):
        check = handler(modality).check
        object.__setattr__(self, "modality", modality)
        object.__setattr__(self, "items", tuple(check(item) for item in items))
        object.__setattr__(self, "rates", _one_each(rate, len(self.items)))
        if self.rates is None and modality == "audio":
            raise MediaError("sound needs its sample rate: Media('audio', items, rate=...)")
        object.__setattr__(self, "fps", fps)
        seconds = None if times is None else tuple(tuple(map(float, item)) for item in times)
        if seconds is not None and len(seconds) != len(self.items):
            raise MediaError(f"frame times of {len(seconds)} items given for {len(self)} items")
        object.__setattr__(self, "times", seconds)

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
            fps=self.fps,
            times=None if self.times is None else self.times[index],
        )

    def __iter__(self) -> Iterator["Media"]:
        return (self[index] for index in range(len(self)))

    @property
    def rate(self) -> int | None:
        """The sample rate of all items in Hz; a MediaError if they differ (see ``rates``)."""
        if self.rates is None:
            return None
        if len(set(self.rates)) != 1:
            found = ", ".join(map(str, sorted(set(self.rates)))) or "no items"
            raise MediaError(f"one rate needs items of one rate, this batch has {found}")
        return self.rates[0]

    @property
    def tensor(self) -> Tensor:
        """The canonical float32 batch.

        Images: [item, 3, height, width] in 0..1; sound: [item, channels, samples] in -1..1.

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

    def pil(self) -> "Image":
        """The image of a batch of one, 8 bits a channel; of more: ``[m.pil() for m in media]``."""
        if self.modality != "image" or len(self) != 1:
            raise MediaError(f"pil() is for one image, this is {self!r}; take one: media[i].pil()")
        return handler("image").to_pil(self.items[0])

    def to(self, device: str | torch.device) -> "Media":
        """The same media with its tensors on ``device``."""
        moved = [item.to(device) for item in self.items]
        return Media(self.modality, moved, rate=self.rates, fps=self.fps, times=self.times)

    def save(self, path: str | os.PathLike[str]) -> list[Path]:
        """Write every item to a file; returns the paths written.

        - ``"out.png"``: one file, for a batch of one, in the format that the suffix names.
        - ``"out/{:03}.jpg"``: one file an item, its index (from 0) in the braces.
        - ``"out/"``, an existing folder, or a name without suffix: ``out/0000.png`` and so on;
          the folder is made if need be.

        Each file appears whole or not at all. Images are rounded to 8 bits,
        sound to 16. MediaError: an
        unknown suffix, several items for one file, a folder that is missing, a full disk.
        """
        return save(self, os.fspath(path))

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
        shown = zip(self.items, self.rates or (None,) * len(self), strict=True)
        html = "".join(handler(self.modality).html(*pair) for pair in islice(shown, _SHOWN))
        return html + (f"<p>and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else "")


def _one_each(rate: int | Sequence[int] | None, items: int) -> tuple[int, ...] | None:
    if rate is None:
        return None
    rates = tuple(rate) if isinstance(rate, Sequence) else (rate,) * items
    if len(rates) != items:
        raise MediaError(f"{len(rates)} sample rates given for {items} items")
    return rates
