"""An LSTM over time whose input is added to what it gives."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .over_time import OverTime

State = tuple[Tensor, Tensor]


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
            return self.step(x)[0]
        steps = x.permute(2, 0, 1)  # [time, item, width]
        packed = pack_padded_sequence(steps, lengths.cpu(), enforce_sorted=False)
        mixed, _ = pad_packed_sequence(self.lstm(packed)[0], total_length=len(steps))
        return self._skipped(mixed, steps)

    def step(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Go on from a state (None: the start) over [item, width, time]; one direction only."""
        steps = x.permute(2, 0, 1)  # [time, item, width]
        mixed, after = self.lstm(steps, state)
        return self._skipped(mixed, steps), after

    def _skipped(self, mixed: Tensor, steps: Tensor) -> Tensor:
        skip = torch.cat([steps, steps], dim=-1) if self.lstm.bidirectional else steps
        return (mixed + skip).permute(1, 2, 0)
