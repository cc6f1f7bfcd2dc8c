"""What a user passes as media, taken apart into items that are decoded one at a time."""

import os
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import MediaError
from .kinds import MODALITIES, guess, handler, has_rate, sniff
from .media import Media
from .streams import is_encoded, open_stream


@dataclass(frozen=True)
class Source:
    """One item that is not decoded yet; it can be pickled if ``value`` can."""

    value: object
    modality: str
    layout: str | None = None
    index: int = 0
    count: int = 1

    @property
    def label(self) -> str:
        """What to call the item in an error: ``cat.jpg``, ``item 3 of 5 (cat.jpg)``."""
        name = _name(self.value, self.modality)
        return name if self.count == 1 else f"item {self.index + 1} of {self.count} ({name})"

    def load(self) -> Media:
        """Decode: Media of one item; a MediaError names the item."""
        return self._through("load")

    def open(self) -> Any:
        """What ``prepare`` takes: of a video a Clip, whose frames are not decoded yet."""
        return self._through("open")

    def _through(self, function: str) -> Any:
        if isinstance(self.value, Media) and self.value.modality != self.modality:
            raise MediaError(
                f"{self.label}: Media of modality {self.value.modality}, expected {self.modality}"
            )
        try:
            return getattr(handler(self.modality), function)(self.value, self.layout)
        except MediaError as error:
            raise MediaError(f"{self.label}: {error}{self._other_kind()}") from error

    def _other_kind(self) -> str:
        """What an undecodable file is instead, if its first bytes say so."""
        if not is_encoded(self.value) or callable(getattr(self.value, "read", None)):
            return ""
        try:
            with open_stream(self.value) as stream:
                found = sniff(stream.read(32))
        except (MediaError, OSError):
            return ""
        return f" (it looks like {found})" if found not in (None, self.modality) else ""


def sources(
    media: object, modality: str | None = None, *, layout: str | None = None
) -> list[Source]:
    """The items of anything that encode accepts, in order; nothing is decoded yet.

    A list or tuple is a batch of its members (nested ones are flattened), and so are Media and
    an array with one axis more than an item (images: 4, sound: 3, video: 5). (array, rate) of a
    sound and (frames, fps) of a video are one value; the frames may be a list of pictures.
    ``modality`` None is guessed from the suffix or the first bytes of files, which arrays do not
    have; a GIF is an image unless video is asked for. ``layout`` (images: "chw", "hwc"; sound:
    "ct", "tc"; video: "tchw", "thwc") is for arrays whose channel axis could be either.
    """
    values = _flatten(media)
    if not values:
        raise MediaError("no media: an empty list")
    modality = modality or _common_modality(values)
    axes = handler(modality).BATCH_AXES
    items: list[object] = []
    for value in values:
        if isinstance(value, tuple) and getattr(value[0], "ndim", None) == axes:
            items.extend((one, value[1]) for one in value[0])
            continue
        batch = isinstance(value, Media) or getattr(value, "ndim", None) == axes
        items.extend(value if batch else [value])  # pyright: ignore[reportArgumentType]
    if not items:
        raise MediaError("no media: an empty batch")
    return [Source(item, modality, layout, index, len(items)) for index, item in enumerate(items)]


def read(media: object, modality: str | None = None, *, layout: str | None = None) -> Media:
    """Read media into a batch: a path, bytes, a file object, arrays, or a list of any.

    >>> zoo.read("cat.jpg").tensor.shape  # doctest: +SKIP
    torch.Size([1, 3, 256, 384])

    Images and videos keep their size and, from 8-bit sources, stay uint8. Sound keeps its rate,
    video its frame times; all frames are held (``zoo.media.open_video`` gives them one by one).
    See ``sources`` for ``modality`` and ``layout``. MediaError: what cannot be read, with the
    item of the list.
    """
    loaded = [source.load() for source in sources(media, modality, layout=layout)]
    rates = [rate for one in loaded for rate in one.rates or ()]
    fps = [rate for one in loaded for rate in one.frame_rates or ()]
    times = [seconds for one in loaded for seconds in one.times or ()]
    items = [item for one in loaded for item in one.items]
    return Media(
        loaded[0].modality, items, rate=rates or None, fps=fps or None, times=times or None
    )


def _flatten(media: object) -> list[object]:
    if isinstance(media, (list, tuple)) and not has_rate(media):
        return [item for member in media for item in _flatten(member)]
    return [media]


def _common_modality(values: list[object]) -> str:
    found = {value.modality if isinstance(value, Media) else guess(value) for value in values}
    if len(found) > 1:
        raise MediaError(f"a batch has one modality, this one has: {sorted(map(str, found))}")
    modality = found.pop()
    if modality is None:
        raise MediaError(
            f"{_name(values[0])}: cannot tell which modality this is; pass modality=, one of: "
            f"{', '.join(MODALITIES)}"
        )
    return modality


def _name(value: object, modality: str | None = None) -> str:
    if isinstance(value, (str, os.PathLike)):
        return os.fsdecode(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    if isinstance(value, tuple) and isinstance(value[0], (list, tuple)) and modality != "audio":
        return f"{len(value[0])} frames, {value[1]} fps"
    if isinstance(value, tuple):
        return f"{_name(value[0])}, {value[1]} Hz"
    filename = getattr(value, "filename", None) or getattr(value, "name", None)
    if isinstance(filename, (str, os.PathLike)) and filename:
        return os.fsdecode(filename)
    shape = getattr(value, "shape", None)
    kind = "tensor" if isinstance(value, torch.Tensor) else type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{kind} of {len(value)}"
    return kind if shape is None else f"{kind} {list(shape)}"
