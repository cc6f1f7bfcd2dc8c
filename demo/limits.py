"""What the page takes: a file that is too large is refused in words before it is decoded."""

from dataclasses import dataclass
from pathlib import Path

import zoo
from zoo.errors import MediaError
from zoo.media import Media, open_video
from zoo.media.video_clip import Clip


@dataclass(frozen=True)
class Limits:
    """Of one upload."""

    megabytes: float = 50
    megapixels: float = 60
    """Of a picture, and of a video's frame."""
    sound_seconds: float = 60
    video_seconds: float = 20

    def read(self, path: str, modality: str) -> Media | Clip:
        """The upload as ``encode`` takes it; of a video no frame is decoded yet.

        Raises:
            MediaError: where it is more than the page takes, or no media.
        """
        size = Path(path).stat().st_size / 1e6
        if size > self.megabytes:
            raise MediaError(f"the file has {size:.0f} MB; this page takes {self.megabytes:g} MB")
        if modality == "video":
            clip = open_video(path)
            self._check_pixels(*clip.size)
            self._check_seconds(clip.times[-1] if clip.times else 0.0, self.video_seconds, "video")
            return clip
        if modality == "image":
            self._check_pixels(*_picture_size(path))
        media = zoo.read(path, modality)
        if media.rate is not None:
            seconds = media.items[0].shape[1] / media.rate
            self._check_seconds(seconds, self.sound_seconds, "sound")
        return media

    def _check_pixels(self, height: int, width: int) -> None:
        if height * width > self.megapixels * 1e6:
            raise MediaError(
                f"{width} x {height} pixels are more than the {self.megapixels:g} million that this "
                "page takes; scale the picture down first"
            )

    def _check_seconds(self, seconds: float, most: float, what: str) -> None:
        if seconds > most:
            raise MediaError(
                f"the {what} lasts {seconds:.0f} seconds; this page takes {most:g}: cut a part out "
                "first, or use the library, which takes any length"
            )


def _picture_size(path: str) -> tuple[int, int]:
    """Height and width as the file's header says them: no pixel is decoded."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.height, picture.width
    except Image.DecompressionBombError as error:
        raise MediaError(str(error)) from error
    except Exception:  # whatever it is, reading it will say so better
        return 1, 1


LIMITS = Limits()
