"""One of two processes whose codebook follows; started by test_moving_codebook."""

import json
import sys

import torch
from torch import distributed

from zoo.models.layers.moving_codebook import Averages

VECTORS = (3 * torch.randn(48, 3, generator=torch.Generator().manual_seed(0))).split(16)
STEPS: list[tuple[list[int], list[int]]] = [  # which of them each process has, step by step
    ([0], [1]),
    ([], [2]),
    ([0, 1], []),
    ([], []),
]


def table() -> torch.Tensor:
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(1))


def moved(steps: list[list[int]], least: float, process: int = 0) -> torch.Tensor:
    """The codebook after steps with these vectors."""
    rows = table()
    averages = Averages(rows, 0.7, least)
    for step, parts in enumerate(steps):
        vectors = torch.cat([rows[:0], *(VECTORS[part] for part in parts)])
        ids = torch.cdist(vectors, rows).argmin(1)
        random = torch.Generator().manual_seed(10 * step + process)
        averages.move(rows, vectors, ids, random)
    return rows


def main(meeting: str, process: int) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{meeting}", rank=process, world_size=2)
    mine = [both[process] for both in STEPS]
    print(json.dumps([moved(mine, least, process).tolist() for least in (0.0, 0.9)]))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
