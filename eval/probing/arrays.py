"""What was gathered chunk by chunk, as arrays over all samples."""

import numpy as np
import torch
from torch import Tensor

from ..results.chunk import Chunk


def padded_ids(whole: Chunk, slots: int) -> Tensor:
    """[sample, slot, position] of all samples, -1 where there is no id."""
    lengths = whole.arrays["length"].tolist()
    parts = whole.arrays["ids"].split([slots * length for length in lengths])
    found = torch.full((len(lengths), slots, max(lengths)), -1, dtype=torch.int64)
    for row, (part, length) in enumerate(zip(parts, lengths, strict=True)):
        found[row, :, :length] = part.view(slots, length)
    return found


def class_numbers(whole: Chunk) -> np.ndarray:
    """[sample]: the number of each sample's class among those that were scored."""
    return np.unique([row["class"] for row in whole.rows], return_inverse=True)[1]
