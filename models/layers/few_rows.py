"""Next to no rows times a large weight, on the CPU: as fast as the weight can be read.

BLAS walks through a large matrix along several rows at once; where these are short, the processor
reads nothing ahead and waits for memory. A batch of small products goes through the same weight
block after block, up to three times as fast. Nothing is copied.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 64  # outputs of one product
FEW = 4  # rows
SHORT = 3072  # inputs of a weight that one row gains from
SHORTER = 1280  # and of one that few rows gain from


def times(rows: Tensor, weight: Tensor) -> Tensor:
    """Rows [n, inputs] times a weight [outputs, inputs] -> [n, outputs]."""
    count, (outputs, inputs) = len(rows), weight.shape
    if rows.device.type != "cpu" or not 0 < count <= FEW:
        return F.linear(rows, weight)
    if count == 1 and inputs <= SHORT and outputs % BLOCK == 0:
        blocks = weight.view(-1, BLOCK, inputs)
        return torch.bmm(blocks, rows.T.expand(len(blocks), -1, -1)).view(1, outputs)
    return (weight @ rows.T).T if count > 1 and inputs <= SHORTER else F.linear(rows, weight)
