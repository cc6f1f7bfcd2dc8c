"""Media made on the spot, one maker per modality."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image


def images() -> list[Image.Image]:
    """Three pictures of different sizes and one of the first's size again."""
    return [picture(61, 83, 0), picture(40, 40, 1), picture(90, 50, 2), picture(61, 83, 3)]


def picture(height: int, width: int, seed: int) -> Image.Image:
    """Smooth colours with some structure, as photos have."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width].astype(float)
    waves = [
        np.sin(rows * a / height + columns * b / width + c)
        for a, b, c in random.uniform(-9, 9, (3, 3))
    ]
    pixels = 127.5 + 120 * np.stack(waves, axis=-1)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def picture_folder(folder: Path, count: int, height: int = 40, width: int = 50) -> Path:
    """The folder, made, with that many pictures: 0.png, 1.png, ..."""
    folder.mkdir()
    for seed in range(count):
        picture(height, width, seed).save(folder / f"{seed}.png")
    return folder


def sounds() -> list[tuple[np.ndarray, int]]:
    """Three sounds of different lengths and rates, and one as long as the first again."""
    return [sound(2900, 8000, 0), sound(1501, 16000, 1), sound(1000, 6000, 2), sound(2900, 8000, 3)]


def sound(samples: int, rate: int, seed: int) -> tuple[np.ndarray, int]:
    """A few tones that come and go, and some noise; float32 in -1..1."""
    random = np.random.default_rng(seed)
    time = np.arange(samples) / rate
    tones = [
        np.sin(2 * np.pi * hertz * time) * np.sin(2 * np.pi * beat * time + seed)
        for hertz, beat in random.uniform((80, 1), (1500, 9), (4, 2))
    ]
    wave = 0.2 * np.sum(tones, axis=0) + 0.02 * random.standard_normal(samples)
    return wave.clip(-1, 1).astype(np.float32), rate


def videos() -> list[tuple[torch.Tensor, float]]:
    """Three videos of different lengths, sizes and rates, and one like the first again."""
    return [
        (video(13, 40, 56, 0), 5.0),
        (video(7, 33, 31, 1), 1.0),
        (video(24, 48, 32, 2), 12.0),
        (video(13, 40, 56, 3), 5.0),
    ]


def video(frames: int, height: int, width: int, seed: int) -> torch.Tensor:
    """A picture that drifts, with a square that crosses it: uint8 [frames, 3, height, width]."""
    wide = np.asarray(picture(height, width + frames, seed)).copy()
    shots = [wide[:, shift : shift + width].copy() for shift in range(frames)]
    side = max(1, min(height, width) // 4)
    for number, shot in enumerate(shots):
        left = number * (width - side) // max(1, frames - 1)
        shot[side : 2 * side, left : left + side] = (250, 40 * seed % 256, 20)
    return torch.from_numpy(np.stack(shots)).permute(0, 3, 1, 2).contiguous()


SAMPLES: dict[str, Callable[[], list]] = {"image": images, "audio": sounds, "video": videos}
