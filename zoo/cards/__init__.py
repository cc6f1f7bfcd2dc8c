"""Cards: the one place where a checkpoint's facts stand. Loads neither torch nor the Hub."""

from .card import Card, Upstream
from .fields import check_relative
from .media import AudioInput, ImageInput, MediaInput, MediaOutput, VideoInput
from .parse import parse_card, read_card
from .parts import ConfigFrom, HubFile, Part

__all__ = [
    "AudioInput",
    "Card",
    "ConfigFrom",
    "HubFile",
    "ImageInput",
    "MediaInput",
    "MediaOutput",
    "Part",
    "Upstream",
    "VideoInput",
    "check_relative",
    "parse_card",
    "read_card",
]
