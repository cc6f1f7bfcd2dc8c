"""Training media: a folder tree or tar shards, prepared once into one memory-mapped array."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..atomic import atomic_write
from ..errors import MediaError
from ..media.listing import Entry, list_entries

HELD_OUT = 20  # without files of their own, one item in this many is kept for validation


def find_entries(folder: Path, modality: str = "image") -> tuple[list[Entry], list[Entry]]:
    """List training and validation entries of ``modality`` below ``folder``, in a stable order.

    Files and folders whose name starts with ``val`` are for validation; where there are none,
    every twentieth item by the hash of its name is.
    """
    if not folder.is_dir():
        raise MediaError(f"training data: {folder} is not a folder")
    train: list[Entry] = []
    held_out: list[Entry] = []
    for entry in list_entries(folder, modality):
        top = entry.path.relative_to(folder).parts[0]
        (held_out if top.startswith("val") else train).append(entry)
    if not train and not held_out:
        raise MediaError(f"training data: {folder} holds no {modality} files or tar files of them")
    if not held_out:
        held_out = [entry for entry in train if _is_held_out(entry)]
        train = [entry for entry in train if not _is_held_out(entry)]
        if not held_out:
            raise MediaError(
                f"training data: {folder} holds too few {modality} files ({len(train)}) for one in "
                f"{HELD_OUT} to be held out: put some into a folder val, or let their names begin "
                "with val"
            )
    if not train:
        raise MediaError(
            f"training data: all {modality} files of {folder} are held out, {held_out[0].label} the "
            "first of them; what is to be trained on needs a name that does not begin with val"
        )
    return train, held_out


def keep_apart(data: Path, out: Path) -> None:
    """MediaError where a run would write its pictures among its data and then train on them."""
    if out.resolve().is_relative_to(data.resolve()):
        raise MediaError(
            f"the run's folder {out} is inside the data's folder {data}: its own pictures would be "
            "trained on; name another --out (out=), or a folder that holds the data alone"
        )


def _is_held_out(entry: Entry) -> bool:
    name = f"{entry.path.name}/{entry.member}"
    return hashlib.sha256(name.encode()).digest()[0] % HELD_OUT == 0


class ItemBank:
    """Prepared uint8 items [n, 3, h, w] on disk; indexed by a tensor of rows."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Rows [b] -> items [b, 3, h, w], uint8."""
        return torch.from_numpy(np.ascontiguousarray(self.array[rows.numpy()]))


def build_bank(
    entries: list[Entry],
    prepare: Callable[[bytes], Tensor],
    path: Path,
    progress: bool = True,
    *,
    given: str = "",
) -> ItemBank:
    """Decode and prepare every entry into ``path`` (.npy), or reuse it if it was made from these.

    ``given`` says how ``prepare`` works: a bank that was prepared in another way is made anew. An
    entry that cannot be decoded is an error that names it: training data should be sound.
    """
    mark = fingerprint(entries, given)
    if is_current(path, mark):
        return ItemBank(np.load(path, mmap_mode="r"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        array = None
        for row, entry in enumerate(tqdm(entries, "decoding", disable=not progress, leave=False)):
            try:
                item = prepare(entry.read()).numpy()
            except MediaError as error:
                raise MediaError(f"{entry.label}: {error}") from error
            if array is None:
                shape = (len(entries), *item.shape)
                array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
            array[row] = item
        assert array is not None
        array.flush()
        del array
    mark_current(path, mark)
    return ItemBank(np.load(path, mmap_mode="r"))


def fingerprint(entries: list[Entry], given: str = "") -> str:
    """What a bank was made from and how, as one hash; a file that was replaced is another one."""
    found = {path: path.stat() for path in {entry.path for entry in entries}}
    names = [
        f"{e.path}:{found[e.path].st_size}:{found[e.path].st_mtime_ns}:{e.member}:{e.offset}:{e.size}"
        for e in entries
    ]
    return hashlib.sha256(json.dumps([given, names]).encode()).hexdigest()


def is_current(bank: Path, mark: str) -> bool:
    """Whether a bank's file is there and was made from what ``mark`` stands for."""
    noted = bank.with_suffix(".sha256")
    return bank.exists() and noted.exists() and noted.read_text() == mark


def mark_current(bank: Path, mark: str) -> None:
    """Note what a finished bank was made from."""
    bank.with_suffix(".sha256").write_text(mark)
