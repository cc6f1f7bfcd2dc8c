"""Media in and out: reading, the ``Media`` batch, and bringing it to a model's size and back."""

from .audio_prepare import AudioPrepare, restore_audio
from .media import Media
from .prepare import ImagePrepare, Prepared
from .restore import restore_image
from .sources import Source, read, sources

__all__ = [
    "AudioPrepare",
    "ImagePrepare",
    "Media",
    "Prepared",
    "Source",
    "read",
    "restore_audio",
    "restore_image",
    "sources",
]
