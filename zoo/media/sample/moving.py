"""The landscape as a video: the camera pans, a balloon rises, a boat sails."""

from PIL import Image

from . import things
from .scenery import landscape

_SCALE, _WIDE = 2, 1.25  # drawn larger; the landscape is as much wider than the camera sees
FPS = 12.0


def sample_video(size: int = 192, frames: int = 24) -> tuple[list[Image.Image], float]:
    """``frames`` square RGB pictures of ``size`` pixels and their rate: what ``zoo.read`` takes.

    Always the same for a size and a number of frames.
    """
    seen = size * _SCALE
    still = landscape(round(seen * _WIDE))
    room = still.width - seen
    shots: list[Image.Image] = []
    for number in range(frames):
        gone = number / max(1, frames - 1)
        shot = still.copy()
        things.balloon(shot, 0.40 + 0.10 * gone, 0.33 - 0.09 * gone)
        things.boat(shot, 0.80 - 0.30 * gone)
        left, top = round(room * (0.2 + 0.6 * gone)), round(room * 0.6)
        part = shot.crop((left, top, left + seen, top + seen))
        shots.append(part.resize((size, size), Image.Resampling.BOX))
    return shots, FPS
