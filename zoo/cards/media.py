"""What a checkpoint takes and gives back: the ``input`` and ``output`` of a card."""

from dataclasses import dataclass

from .fields import Fields, integer, many, number, text
from .front import Value

FITS = ("crop", "pad", "squash", "adm-crop")
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos")
MODALITIES = ("image", "audio", "video")
SAMPLINGS = ("spread", "dense")


@dataclass(frozen=True)
class ImageInput:
    """Images: ``size`` is (height, width); pixels 0..1 become (x - mean) / std per channel."""

    size: tuple[int, int]
    fit: str
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    modality: str = "image"


@dataclass(frozen=True)
class AudioInput:
    """Sound: ``sample_rate`` in Hz and the number of channels."""

    sample_rate: int
    channels: int
    modality: str = "audio"


@dataclass(frozen=True)
class VideoInput:
    """Video: frames as in ImageInput, how many of them, and at which rate they are taken.

    ``frames`` is the number that the model takes at once, None any number; ``fps`` None means the
    video's own rate. ``sampling``: ``spread`` takes ``frames`` frames over the whole video,
    ``dense`` all frames, in windows of ``frames`` (see :class:`zoo.media.VideoPrepare`).
    """

    size: tuple[int, int]
    fit: str
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    frames: int | None = None
    fps: float | None = None
    sampling: str = "dense"
    modality: str = "video"


MediaInput = ImageInput | AudioInput | VideoInput


@dataclass(frozen=True)
class MediaOutput:
    """What decode returns: pixels as (height, width), sound as Hz and channels."""

    size: tuple[int, int] | None = None
    sample_rate: int | None = None
    channels: int | None = None
    fps: float | None = None


def read_input(value: Value) -> MediaInput:
    """The ``input`` of a card, by its modality."""
    fields = Fields(value)
    modality = fields.take("modality", text(choices=MODALITIES))
    if modality == "audio":
        found: MediaInput = AudioInput(
            sample_rate=fields.take("sample_rate", integer(1)),
            channels=fields.take("channels", integer(1)),
        )
    else:
        size = fields.take("size", _size)
        fit = fields.take("fit", text(choices=FITS))
        interpolation = fields.take("interpolation", text(choices=INTERPOLATIONS))
        mean, std = fields.take("mean", _per_channel), fields.take("std", _per_channel)
        if min(std) <= 0:
            raise value.error(f"std must be above 0, got {list(std)}")
        if modality == "image":
            found = ImageInput(size, fit, interpolation, mean, std)
        else:
            frames = fields.take_maybe("frames", integer(1))
            fps = fields.take_maybe("fps", number)
            sampling = fields.take_or("sampling", text(choices=SAMPLINGS), "dense")
            if fps is not None and fps <= 0:
                raise value.error(f"fps must be above 0, got {fps:g}")
            if sampling == "spread" and (frames is None or fps is None):
                raise value.error("sampling: spread needs frames and fps")
            found = VideoInput(size, fit, interpolation, mean, std, frames, fps, sampling)
    fields.close()
    return found


def read_output(value: Value | None, given: MediaInput) -> MediaOutput:
    """The ``output`` of a card; what it leaves out is as in the input."""
    size = None if isinstance(given, AudioInput) else given.size
    rate = given.sample_rate if isinstance(given, AudioInput) else None
    channels = given.channels if isinstance(given, AudioInput) else None
    fps = given.fps if isinstance(given, VideoInput) else None
    if value is None:
        return MediaOutput(size, rate, channels, fps)
    fields = Fields(value)
    if isinstance(given, AudioInput):
        rate = fields.take_or("sample_rate", integer(1), rate)
        channels = fields.take_or("channels", integer(1), channels)
    else:
        size = fields.take_or("size", _size, size)
    if isinstance(given, VideoInput):
        fps = fields.take_or("fps", number, fps)
    fields.close()
    return MediaOutput(size, rate, channels, fps)


def _size(value: Value) -> tuple[int, int]:
    height, width = many(integer(1), length=2)(value)
    return height, width


def _per_channel(value: Value) -> tuple[float, float, float]:
    red, green, blue = many(number, length=3)(value)
    return red, green, blue
