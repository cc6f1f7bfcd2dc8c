"""Media in and out: reading, the ``Media`` batch, and bringing it to a model's size and back."""

from .audio_prepare import AudioPrepare, restore_audio
from .media import Media
from .prepare import ImagePrepare, Prepared
from .restore import restore_image
from .sources import Source, read, sources
from .video_clip import Clip
from .video_prepare import VideoPrepare, open_video, restore_video

__all__ = [
    "AudioPrepare",
    "Clip",
    "ImagePrepare",
    "Media",
    "Prepared",
    "Source",
    "VideoPrepare",
    "open_video",
    "read",
    "restore_audio",
    "restore_image",
    "restore_video",
    "sources",
]
