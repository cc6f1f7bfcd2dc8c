"""k-means: rows and the nearest of a table's rows."""

import torch
from torch import Tensor

ROWS = 8192  # compared with a table at a time


def learn(rows: Tensor, codes: int, rounds: int, random: torch.Generator) -> Tensor:
    """A table [codes, dim] for rows [n, dim], which stand in random order.

    It begins with the first rows; a code that nothing chose becomes one of the rows.
    """
    table = rows[:codes].clone()
    for _ in range(rounds):
        ids = nearest(rows, table)
        counts = torch.bincount(ids, minlength=codes)[:, None]
        sums = torch.zeros_like(table).index_add_(0, ids, rows)
        spare = rows[torch.randint(len(rows), (codes,), generator=random)]
        table = torch.where(counts > 0, sums / counts.clamp(min=1), spare)
    return table


def nearest(rows: Tensor, table: Tensor) -> Tensor:
    """Which row of ``table`` [codes, dim] is nearest to each of ``rows`` [n, dim]: [n]."""
    norms = table.square().sum(1)
    return torch.cat([(2 * part @ table.T - norms).argmax(1) for part in rows.split(ROWS)])
