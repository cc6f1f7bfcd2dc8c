"""Next to no rows times a large weight, on the CPU: as fast as the weight can be read.

BLAS walks through a large matrix along several rows at once; where these are short, the processor
reads nothing ahead and waits for memory. A batch of small products goes through the same weight
block after block, up to three times as fast. Nothing is copied.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 64  # outputs of one product with one row
BLOCKS = 32  # and with few rows
FEW = 4  # rows
PARTS = 16  # of the inputs of a weight whose outputs lie innermost
SHORT = 3072  # inputs of a weight that one row gains from
SHORTER = {2: 2048, 3: 1536, 4: 1536}  # rows -> inputs up to which they gain from being turned


def times(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``F.linear``: rows [n, inputs], weight [outputs, inputs] -> [n, outputs]."""
    count, (outputs, inputs) = rows.shape[0], weight.shape
    if count > FEW or not count or weight.device.type != "cpu":
        return F.linear(rows, weight, bias)
    rows = rows.contiguous()  # products with rows across memory take up to four times as long
    if count == 1 and inputs <= SHORT and outputs % BLOCK == 0:
        blocks = weight.reshape(-1, BLOCK, inputs)  # a view, unless the weight is one itself
        # A row turned around: as a column, with stride 1, the product takes five times as long.
        column = rows.as_strided((blocks.shape[0], inputs, 1), (0, 1, inputs))
        if bias is None:
            return torch.bmm(blocks, column).view(1, outputs)
        return torch.baddbmm(bias.view(-1, BLOCK, 1), blocks, column).view(1, outputs)
    if count > 1 and inputs <= SHORTER[count]:
        return (weight @ rows.T if bias is None else torch.addmm(bias[:, None], weight, rows.T)).T
    if count > 1 and outputs % BLOCKS == 0:
        blocks = weight.reshape(-1, BLOCKS, inputs).transpose(1, 2)
        out = torch.bmm(rows.expand(blocks.shape[0], count, inputs), blocks)
        found = out.transpose(0, 1).reshape(count, outputs)
        return found if bias is None else found.add_(bias)
    return F.linear(rows, weight, bias)


def times_turned(rows: Tensor, weight: Tensor) -> Tensor:
    """``rows @ weight``: rows [n, inputs], weight [inputs, outputs] -> [n, outputs]."""
    count, inputs = rows.shape
    if not 1 < count <= FEW or inputs % PARTS or weight.device.type != "cpu":
        return rows @ weight
    parts = rows.view(count, PARTS, -1).transpose(0, 1)
    return torch.bmm(parts, weight.reshape(PARTS, inputs // PARTS, -1)).sum(0)
