"""Which modality a source has, and which module handles it.

A modality is one module of this folder, named after it, with

- ``BATCH_AXES``: the number of axes at which a bare array is a batch of items,
- ``load(value, layout) -> Media``: one item of any accepted kind, as a batch of one,
- ``open(value, layout)``: the same for preparing: what may not fit into memory (a video) as an
  object that gives its parts, else as ``load``,
- ``check(item) -> Tensor``: an item in its stored form, or a MediaError,
- ``canonical(item) -> Tensor``: an item as float32 in its canonical range,
- ``suffixes() -> tuple``: the file suffixes it writes, the usual one first,
- ``write(one, path)`` and ``html(one) -> str``: Media of one item as a file, and in a notebook.
"""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from numbers import Number
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

from ..errors import MediaError

MODALITIES = ("image", "audio", "video")

_VIDEO_AXES = 4  # of an array; a sound has at most 3, a batch's

_SUFFIXES = {
    "image": ".png .jpg .jpeg .jpe .jfif .webp .avif .bmp .gif .tif .tiff .ppm .pgm .pbm .pnm "
    ".jp2 .j2k .jpx .tga .ico .pcx .apng .heic .heif",
    "audio": ".wav .flac .mp3 .ogg .oga .opus .m4a .aac .aif .aiff .wma .weba .mka",
    "video": ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ogv .wmv .flv .ts .m2ts",
}
# Of two modalities, each: one is guessed from the suffix alone, the other where it is asked for.
_SHARED = {"video": ".gif", "audio": ".webm"}
_BY_SUFFIX = {suffix: kind for kind, names in _SUFFIXES.items() for suffix in names.split()}

# (place, bytes) that must all stand in the head of the file; the first match wins.
_MAGIC: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...] = (
    ("image", ((0, b"\x89PNG\r\n\x1a\n"),)),
    ("image", ((0, b"\xff\xd8\xff"),)),
    ("image", ((0, b"GIF8"),)),
    ("image", ((0, b"RIFF"), (8, b"WEBP"))),
    ("image", ((4, b"ftypavi"),)),
    ("image", ((4, b"ftyphei"),)),
    ("image", ((4, b"ftypmif1"),)),
    ("image", ((0, b"II*\x00"),)),
    ("image", ((0, b"MM\x00*"),)),
    ("image", ((0, b"\x00\x00\x00\x0cjP  "),)),
    ("image", ((0, b"BM"),)),
    ("audio", ((0, b"RIFF"), (8, b"WAVE"))),
    ("audio", ((0, b"fLaC"),)),
    ("audio", ((0, b"OggS"),)),
    ("audio", ((0, b"ID3"),)),
    ("audio", ((0, b"\xff\xfb"),)),
    ("audio", ((0, b"\xff\xf3"),)),
    ("audio", ((0, b"\xff\xf1"),)),
    ("audio", ((0, b"\xff\xf9"),)),
    ("audio", ((4, b"ftypM4A"),)),
    ("audio", ((0, b"FORM"), (8, b"AIFF"))),
    ("video", ((0, b"RIFF"), (8, b"AVI "))),
    ("video", ((0, b"\x1aE\xdf\xa3"),)),
    ("video", ((4, b"ftyp"),)),
)


def has_rate(value: object) -> bool:
    """Whether a value is (array, Hz) of a sound, (frames, fps) of a video, or a sound's mapping."""
    if isinstance(value, Mapping):
        return {"array", "sampling_rate"} <= set(value)
    if not isinstance(value, tuple) or len(value) != 2 or not _is_number(value[1]):
        return False
    return hasattr(value[0], "shape") or isinstance(value[0], (list, tuple))


def _is_number(value: object) -> bool:
    number = plain(value)
    return isinstance(number, Number) and not isinstance(number, bool)


def plain(value: Any) -> object:
    """The number in a scalar, array or tensor without axes; anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def handler(modality: str) -> ModuleType:
    """The module that handles ``modality``; MediaError without one."""
    if modality in MODALITIES:
        return import_module(f"{__package__}.{modality}")
    raise MediaError(f"no modality {modality!r}; expected one of: {', '.join(MODALITIES)}")


def suffixes_of(modality: str) -> frozenset[str]:
    """The suffixes of files that count as ``modality`` where it is asked for: lower case, dot.

    A GIF counts as a video then, and a WebM as a sound.
    """
    return frozenset(f"{_SUFFIXES[modality]} {_SHARED.get(modality, '')}".split())


def members_of(names: Sequence[str], modality: str) -> list[int]:
    """The places of those files of one archive that count as ``modality``.

    What names it and no other comes first: of a sample's x.mp4 and x.gif the GIF is no second
    video, as x.webm beside x.wav is no second sound.
    """
    known = suffixes_of(modality)
    stems = [os.path.splitext(name)[0] for name in names]
    found = [at for at, name in enumerate(names) if os.path.splitext(name)[1].lower() in known]
    sure = {at for at in found if by_suffix(names[at]) == modality}
    own = {stems[at] for at in sure}
    return [at for at in found if at in sure or stems[at] not in own]


def sniff(head: bytes) -> str | None:
    """The modality that the first bytes of a file name, or None."""
    for modality, marks in _MAGIC:
        if all(head[place : place + len(mark)] == mark for place, mark in marks):
            return modality
    return None


def by_suffix(name: str | os.PathLike[str]) -> str | None:
    """The modality that a file's suffix names, or None."""
    return _BY_SUFFIX.get(Path(os.fsdecode(name)).suffix.lower())


def guess(value: object) -> str | None:
    """The modality of a path (by suffix, then first bytes), bytes, a PIL image, (array, rate)."""
    if isinstance(value, Image.Image):
        return "image"
    if has_rate(value):
        frames = value[0] if isinstance(value, tuple) else ()
        pictures = isinstance(frames, list) or getattr(frames, "ndim", 0) >= _VIDEO_AXES
        return "video" if pictures else "audio"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return sniff(bytes(value[:32]))
    if not isinstance(value, (str, os.PathLike)):
        return None
    path = Path(os.fsdecode(value))
    if (named := by_suffix(path)) is not None:
        return named
    try:
        with path.open("rb") as stream:
            return sniff(stream.read(32))
    except OSError:
        return None
