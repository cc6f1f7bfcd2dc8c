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


def times(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``F.linear``: rows [n, inputs], weight [outputs, inputs] -> [n, outputs]."""
    count, (outputs, inputs) = rows.shape[0], weight.shape
    if count > FEW or not count or weight.device.type != "cpu":
        return F.linear(rows, weight, bias)
    if count == 1 and inputs <= SHORT and outputs % BLOCK == 0:
        blocks = weight.reshape(-1, BLOCK, inputs)  # a view, unless the weight is one itself
        # A row turned around: as a column, with stride 1, the product takes five times as long.
        column = rows.contiguous().as_strided((blocks.shape[0], inputs, 1), (0, 1, inputs))
        if bias is None:
            return torch.bmm(blocks, column).view(1, outputs)
        return torch.baddbmm(bias.view(-1, BLOCK, 1), blocks, column).view(1, outputs)
    if count > 1 and inputs <= SHORTER:
        return (weight @ rows.T if bias is None else torch.addmm(bias[:, None], weight, rows.T)).T
    return F.linear(rows, weight, bias)
