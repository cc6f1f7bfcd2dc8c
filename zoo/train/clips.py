"""Training videos: decoded once into one memory-mapped array, cut into windows at random."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from ..atomic import atomic_write
from ..errors import MediaError
from ..media.fits import Filter, resize
from ..media.image import to_uint8
from ..media.listing import Entry
from ..media.video_prepare import open_video
from .data import fingerprint, is_current, mark_current

BICUBIC = Filter(Image.Resampling.BICUBIC)


class Shape(NamedTuple):
    """One video of a bank: where its pixels begin, its frames' number and size, and their rate."""

    start: int
    frames: int
    height: int
    width: int
    fps: float


class ClipBank:
    """Videos of any length and width on disk, uint8, one after another."""

    def __init__(self, array: np.ndarray, shapes: list[Shape]) -> None:
        self.array = array
        self.shapes = shapes

    def __len__(self) -> int:
        return len(self.shapes)

    def video(self, row: int) -> np.ndarray:
        """[frames, 3, height, width], uint8, not copied."""
        start, *shape, _ = self.shapes[row]
        count = shape[0] * 3 * shape[1] * shape[2]
        return self.array[start : start + count].reshape(shape[0], 3, *shape[1:])

    def windows(self, frames: int, size: tuple[int, int], fps: float | None) -> "Windows":
        """Windows to draw from, at ``fps`` frames a second, None: each video's own rate."""
        return Windows(self, frames, size, fps)


class Windows:
    """Windows that begin anywhere in time and place, mirrored as often as not.

    Each video is as likely as its length. Row n is always the same window: all its choices are
    drawn from n.
    """

    ROWS = 2**40

    def __init__(
        self,
        bank: ClipBank,
        frames: int,
        size: tuple[int, int],
        fps: float | None,
        speeds: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.bank, self.frames, self.size = bank, frames, size
        self.fps, self.speeds = fps, speeds
        seconds = np.array([shape.frames / shape.fps for shape in bank.shapes])
        self.edges = np.cumsum(seconds) / seconds.sum()

    def paced(self, slowest: float, fastest: float) -> "Windows":
        """The same with the pace of each window between these factors."""
        return Windows(self.bank, self.frames, self.size, self.fps, (slowest, fastest))

    def __len__(self) -> int:
        return self.ROWS

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Rows [b] -> [b, frames, 3, height, width], uint8."""
        return torch.stack([self._window(row) for row in rows.tolist()])

    def _window(self, row: int) -> Tensor:
        random = np.random.default_rng(row)
        index = int(np.searchsorted(self.edges, random.random(), side="right"))
        shape, video = self.bank.shapes[index], self.bank.video(index)
        step = shape.fps / (self.fps or shape.fps) * random.uniform(*self.speeds)
        step = min(step, (shape.frames - 1) / max(1, self.frames - 1))
        begin = random.uniform(0, max(0.0, shape.frames - 1 - step * (self.frames - 1)))
        chosen = np.round(begin + step * np.arange(self.frames)).astype(int)
        height, width = self.size
        top = random.integers(shape.height - height + 1)
        left = random.integers(shape.width - width + 1)
        window = video[chosen, :, top : top + height, left : left + width]
        if random.random() < 0.5:
            window = window[..., ::-1]
        return torch.from_numpy(np.ascontiguousarray(window))


def build_clips(
    entries: list[Entry], size: tuple[int, int], margin: float, path: Path, progress: bool = True
) -> ClipBank:
    """Decode every entry into ``path`` (.npy), or reuse it if it was made from these.

    Frames are scaled so that ``size`` (height, width) times ``margin`` just fits into them. An
    entry that cannot be decoded is an error that names it.
    """
    index = path.with_suffix(".json")
    least = [round(side * margin) for side in size]
    mark = fingerprint(entries) + f" {least}"
    if not (index.exists() and is_current(path, mark)):
        path.parent.mkdir(parents=True, exist_ok=True)
        videos, shapes, start = [], [], 0
        for entry in tqdm(entries, "decoding", disable=not progress, leave=False):
            video, fps = _read(entry, least)
            shapes.append(Shape(start, len(video), video.shape[2], video.shape[3], fps))
            videos.append(video.reshape(-1))
            start += video.size
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, np.concatenate(videos))
        with atomic_write(index) as temporary:
            temporary.write_text(json.dumps(shapes))
        mark_current(path, mark)
    shapes = [Shape(*shape) for shape in json.loads(index.read_text())]
    return ClipBank(np.load(path, mmap_mode="r"), shapes)


def _read(entry: Entry, least: list[int]) -> tuple[np.ndarray, float]:
    try:
        clip = open_video(entry.read())
        scale = max(need / side for need, side in zip(least, clip.size, strict=True))
        height, width = [round(side * scale) for side in clip.size]
        size = max(least[0], height), max(least[1], width)
        frames = [to_uint8(resize(frame, size, BICUBIC)) for frame in clip.frames()]
    except MediaError as error:
        raise MediaError(f"{entry.label}: {error}") from error
    return torch.stack(frames).numpy(), clip.fps or 1.0


def held_out_windows(
    entries: list[Entry], pieces: Callable[[bytes], list[Tensor]], most: int
) -> Tensor:
    """Windows as the model takes them, evenly over all of ``entries``: [n, frames, 3, h, w]."""
    found: list[Tensor] = []
    for entry in entries:
        try:
            found += pieces(entry.read())
        except MediaError as error:
            raise MediaError(f"{entry.label}: {error}") from error
    places = np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int)
    return torch.stack([found[place] for place in places])
