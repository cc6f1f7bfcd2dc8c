"""Media to try the page with: drawn by the package, and those that come with Gradio."""

import gradio.media

import zoo
from zoo.media.sample import sample_picture, sample_sound, sample_video

from .temporary import lasting_file

PICTURES = ("cheetah1.jpg", "tower.jpg", "lion.jpg")
SOUNDS = ("cate_blanch.mp3", "cantina.wav")
VIDEOS = ("world.mp4",)


def example_pictures() -> list[str]:
    """Paths of pictures."""
    path = lasting_file("landscape.png")
    if not path.exists():
        sample_picture().save(path)
    return [str(path), *_with_gradio("image", PICTURES)]


def example_sounds() -> list[str]:
    """Paths of sounds."""
    path = lasting_file("voice.wav")
    if not path.exists():
        zoo.read(sample_sound()).save(path)
    return [str(path), *_with_gradio("audio", SOUNDS)]


def example_videos() -> list[str]:
    """Paths of videos."""
    path = lasting_file("landscape.mp4")
    if not path.exists():
        zoo.read(sample_video(), "video").save(path)
    return [str(path), *_with_gradio("video", VIDEOS)]


def _with_gradio(kind: str, names: tuple[str, ...]) -> list[str]:
    """Those of Gradio's own files that this version has."""
    found = []
    for name in names:
        try:
            found.append(getattr(gradio.media, f"get_{kind}")(name))
        except (OSError, ValueError):  # another Gradio, other files
            continue
    return found
