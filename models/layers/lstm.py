"""An LSTM over time whose input is added to what it gives."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .over_time import Memory, OverTime


class SkipLstm(OverTime):
    """LSTM plus skip; with both directions twice the channels come out, and so does the skip.

    Source: Défossez et al. 2022, arXiv 2210.13438, encodec/modules/lstm.py.
    """

    def __init__(self, width: int, depth: int = 2, *, both_ways: bool = False) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, depth, bidirectional=both_ways)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, width, time] -> [item, width, time], or twice the width."""
        if lengths is None or not self.lstm.bidirectional:  # what comes later changes nothing
            steps = x.permute(2, 0, 1)  # [time, item, width]
            return self._skipped(self.lstm(steps)[0], steps)
        steps = x.permute(2, 0, 1)  # [time, item, width]
        packed = pack_padded_sequence(steps, lengths.cpu(), enforce_sorted=False)
        mixed, _ = pad_packed_sequence(self.lstm(packed)[0], total_length=len(steps))
        return self._skipped(mixed, steps)

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece, from the state behind the one before."""
        if self.lstm.bidirectional:
            raise NotImplementedError("an LSTM in both directions needs the whole sound")
        if not x.shape[-1]:
            return x
        steps = x.permute(2, 0, 1)  # [time, item, width]
        mixed, memory[self] = self.lstm(steps, memory.get(self))
        return self._skipped(mixed, steps)

    def _skipped(self, mixed: Tensor, steps: Tensor) -> Tensor:
        skip = torch.cat([steps, steps], dim=-1) if self.lstm.bidirectional else steps
        return (mixed + skip).permute(1, 2, 0)
