"""The picture grid of reconstructions."""

import numpy as np
import pytest
import torch

from zoo.errors import MediaError
from zoo.media.grid import labelled_grid


def test_small_images_are_enlarged_and_rows_wrap():
    cell = (torch.zeros(3, 64, 64), "16 tokens\n160 bits")
    grid = labelled_grid([[cell] * 3])
    assert grid.mode == "RGB"
    assert grid.width == 16 + 3 * (192 + 16)
    assert grid.height > 192 + 2 * 15
    black = np.array(grid).max(-1) < 3
    assert black[16 : 16 + 192].sum() == 3 * 192 * 192
    wrapped = labelled_grid([[cell] * 20], max_width=1000)
    assert wrapped.width <= 1000
    assert wrapped.height == 16 + 5 * (grid.height - 16)


def test_images_of_a_row_are_equally_high_and_captions_stand_beneath():
    row = [(torch.zeros(3, 300, 500), "original"), (torch.zeros(3, 32, 32), "a " * 200)]
    grid = np.array(labelled_grid([row]))
    black = grid.max(-1) < 3
    assert black[16:316, 16:516].all()
    assert black[16:316, 532:832].all()
    assert (grid[316:, 516:] < 128).any()
    assert (grid[:16] == 255).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 97), (97, 3), (2000, 10), (10, 2000), (1500, 1500)])
def test_odd_sizes(size: tuple[int, int]):
    grid = labelled_grid([[(torch.rand(3, *size), "")], [], [(torch.rand(3, 8, 8), "x\n\ny")]])
    assert grid.width <= 1600


def test_nothing_to_show():
    with pytest.raises(MediaError):
        labelled_grid([[], []])
