"""Training sounds: decoded once into one memory-mapped array, cut into crops."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..atomic import atomic_write
from ..errors import MediaError
from ..media.listing import Entry
from .data import fingerprint, is_current, mark_current

FULL = 2**15  # of 16-bit samples


class SoundBank:
    """Sounds of any lengths on disk, 16 bits, one after another: [time, channel].

    Indexed by a tensor of rows it gives the beginning of each, ``samples`` long; what is shorter
    is continued with zeros. Training draws from ``crops``.
    """

    def __init__(
        self, array: np.ndarray, starts: list[int], folders: list[str], samples: int
    ) -> None:
        self.array = array
        self.starts = [*starts, len(array)]
        self.folders = folders  # of each sound, the uppermost below the data's
        self.samples = samples

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Rows [b] -> [b, channels, samples], fp32."""
        batch = torch.zeros(len(rows), self.array.shape[1], self.samples)
        for item, row in zip(batch, rows.tolist(), strict=True):
            start, end = self.starts[row], self.starts[row + 1]
            sound = self.read(start, min(self.samples, end - start))
            item[:, : sound.shape[1]] = sound
        return batch

    def read(self, start: int, samples: int) -> Tensor:
        """[channels, samples] from sample ``start`` of the whole array on, fp32."""
        part = np.array(self.array[start : start + samples].T)
        return torch.from_numpy(part).float() / FULL

    def crops(self, samples: int, shares: Mapping[str, float]) -> "Crops":
        """Places to draw crops of ``samples`` from.

        ``shares`` says how often each folder is drawn from, relative to the others; one that it
        does not name has share 1.

        Raises:
            MediaError: for a folder that is not there, or too short, or where no share is above 0.
        """
        missing = sorted({*shares} - {*self.folders})
        if missing:
            raise MediaError(
                f"shares of training data name folders without sounds: {', '.join(missing)}; there "
                f"are {', '.join(sorted({*self.folders} - {''})) or 'none'}"
            )
        spans: dict[str, list[tuple[int, int]]] = {}
        for row, folder in enumerate(self.folders):
            spans.setdefault(folder, []).append((self.starts[row], self.starts[row + 1]))
        return Crops(self, spans, {name: shares.get(name, 1.0) for name in spans}, samples)


class Crops:
    """Crops that begin anywhere, across the borders of sounds too, within one folder.

    Rows count places on a line on which each folder has its share.
    """

    LINE = 2**40

    def __init__(
        self,
        bank: SoundBank,
        spans: Mapping[str, list[tuple[int, int]]],
        shares: Mapping[str, float],
        samples: int,
    ) -> None:
        self.bank = bank
        self.samples = samples
        # A folder's sounds lie side by side: build_sounds puts them so.
        self.ranges = [(pieces[0][0], pieces[-1][1]) for pieces in spans.values()]
        weights = np.array([shares[name] for name in spans], dtype=float)
        if (weights < 0).any() or weights.sum() <= 0:
            raise MediaError(f"shares of training data: {dict(shares)}; expected some above 0")
        self.edges = np.cumsum(weights) / weights.sum()
        for name, (start, end) in zip(spans, self.ranges, strict=True):
            if end - start < samples:
                raise MediaError(
                    f"training data: {name or 'the folder'} holds {end - start} samples, and a "
                    f"crop is {samples} long"
                )

    def __len__(self) -> int:
        return self.LINE

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Rows [b] -> [b, channels, samples], fp32."""
        return torch.stack([self._crop(row / self.LINE) for row in rows.tolist()])

    def _crop(self, place: float) -> Tensor:
        folder = int(np.searchsorted(self.edges, place, side="right"))
        before = self.edges[folder - 1] if folder else 0.0
        within = (place - before) / (self.edges[folder] - before)
        start, end = self.ranges[folder]
        return self.bank.read(start + int(within * (end - start - self.samples)), self.samples)


def build_sounds(
    entries: list[Entry],
    root: Path,
    prepare: Callable[[bytes], Tensor],
    path: Path,
    samples: int,
    progress: bool = True,
    *,
    given: str = "",
) -> SoundBank:
    """Decode and prepare every entry into ``path`` (.npy), or reuse it if it was made from these.

    ``root`` is the data's folder, ``samples`` what the bank itself gives of each sound, ``given``
    how ``prepare`` works. An entry that cannot be decoded is an error that names it.
    """
    # A folder's sounds lie side by side, which what stands beside folders does not by its names.
    entries = sorted(entries, key=lambda entry: _uppermost(entry.path.relative_to(root)))
    index = path.with_suffix(".json")
    mark = fingerprint(entries, given)
    if not (index.exists() and is_current(path, mark)):
        path.parent.mkdir(parents=True, exist_ok=True)
        sounds: list[np.ndarray] = []
        for entry in tqdm(entries, "decoding", disable=not progress, leave=False):
            try:
                sound = prepare(entry.read())
            except MediaError as error:
                raise MediaError(f"{entry.label}: {error}") from error
            steps = sound.mul(FULL).round().clamp(-FULL, FULL - 1).to(torch.int16)
            sounds.append(steps.T.numpy())
        starts = np.cumsum([0, *map(len, sounds)])[:-1].tolist()
        folders = [_uppermost(entry.path.relative_to(root)) for entry in entries]
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, np.concatenate(sounds))
        with atomic_write(index) as temporary:
            temporary.write_text(json.dumps({"starts": starts, "folders": folders}))
        mark_current(path, mark)
    known = json.loads(index.read_text())
    return SoundBank(np.load(path, mmap_mode="r"), known["starts"], known["folders"], samples)


def _uppermost(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else ""
