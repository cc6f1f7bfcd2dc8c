"""Sound: what is accepted, how an item is stored, written and shown (see ``kinds``)."""

import base64
from collections.abc import Mapping
from io import BytesIO
from numbers import Number
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import torch
from torch import Tensor

from ..errors import MediaError
from .audio_array import from_array, whole_rate
from .audio_file import from_stream
from .media import Media
from .streams import is_encoded, open_stream

BATCH_AXES = 3

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}  # both 16 bits


def load(value: object, layout: str | None = None) -> Media:
    """One sound of any accepted kind as a batch of one."""
    if isinstance(value, Media):
        sound, rate = from_array(value.items[0], "ct"), value.rate
    elif isinstance(value, tuple) and len(value) == 2:
        sound, rate = from_array(value[0], layout), whole_rate(value[1])
    elif isinstance(value, Mapping):  # as the data sets of Hugging Face give sound
        if not {"array", "sampling_rate"} <= set(value):
            raise MediaError("a mapping is a sound if it has 'array' and 'sampling_rate'")
        sound, rate = from_array(value["array"], layout), whole_rate(value["sampling_rate"])
    elif is_encoded(value):
        with open_stream(value) as stream:
            samples, rate = from_stream(stream)
        sound = from_array(samples, "tc")
    elif isinstance(value, Tensor) or hasattr(value, "__array__"):
        raise MediaError("an array alone has no sample rate; pass (array, rate)")
    elif isinstance(value, Number):
        kind = type(value).__name__
        raise MediaError(f"{kind} is not a sound; a rate stands behind its array: (array, rate)")
    else:
        raise MediaError(
            f"{type(value).__name__} is not a sound; expected a path, bytes, a file object, "
            "(array, rate), Media, or a list of these"
        )
    return Media("audio", [sound], rate=rate)


open = load
"""A sound is small enough to be decoded before it is prepared."""


def check(item: Tensor) -> Tensor:
    """An item as it is stored: [channels, samples], float32."""
    if item.ndim != 2 or item.shape[0] == 0:
        raise MediaError(f"a sound item has shape [channels, samples], not {list(item.shape)}")
    if not item.is_floating_point():
        raise MediaError(f"a sound item is float in -1..1, not {item.dtype}")
    return item.float()


def canonical(item: Tensor) -> Tensor:
    """An item as float32 in -1..1."""
    return item


def suffixes() -> tuple[str, ...]:
    """The file suffixes that can be written, the usual one first."""
    return tuple(_FORMATS)


def write(one: Media, path: Path) -> None:
    """Write the item with 16 bits in the format that the suffix names."""
    _write(one, path, _FORMATS[path.suffix.lower()])


def html(one: Media) -> str:
    """The item as an HTML player that needs no file."""
    stream = BytesIO()
    _write(one, stream, "WAV")
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


def _write(one: Media, target: Path | BinaryIO, name: str) -> None:
    item, rate = one.items[0], one.rate
    assert rate is not None  # Media of sound has one
    if bool(item.isnan().any()):
        raise MediaError("the sound contains NaN")
    # Rounded here and not by libsndfile, which scales by 32767: what was read from 16 bits must
    # come back as the same 16 bits.
    steps = item.detach().cpu().mul(2**15).round().clamp(-(2**15), 2**15 - 1).to(torch.int16)
    try:
        soundfile.write(target, np.ascontiguousarray(steps.T), rate, "PCM_16", format=name)
    except (soundfile.SoundFileError, ValueError) as error:  # too many channels, an odd rate
        raise MediaError(f"libsndfile cannot write this sound as {name} ({error})") from error
