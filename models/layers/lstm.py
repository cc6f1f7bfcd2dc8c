"""An LSTM over time whose input is added to what it gives."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .few_rows import times
from .over_time import Memory, OverTime

FEW = 8  # steps up to which going one by one is faster
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
        run = self._few if len(steps) <= FEW else self.lstm
        mixed, memory[self] = run(steps, memory.get(self))
        return self._skipped(mixed, steps)

    def _few(self, steps: Tensor, state: State | None) -> tuple[Tensor, State]:
        """The same for few steps: torch's LSTM first repacks all its weights, for each call."""
        lstm, (time, items, width) = self.lstm, steps.shape
        if state is None:
            start = steps.new_zeros(lstm.num_layers, items, width)
            state = start, start
        after = []
        for layer, (hidden, cell) in enumerate(zip(*state, strict=True)):
            into, around, one, other = (
                getattr(lstm, f"{name}_l{layer}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            given = (times(steps.flatten(0, 1), into) + (one + other)).view(time, items, -1)
            found = []
            for gates in given:  # [item, 4 * width]
                gates = gates + times(hidden, around)
                enter, keep, _, leave = gates.sigmoid().chunk(4, dim=1)
                fresh = gates[:, 2 * width : 3 * width].tanh()
                cell = (keep * cell).addcmul_(enter, fresh)
                hidden = leave * cell.tanh()
                found.append(hidden)
            steps = torch.stack(found)
            after.append((hidden, cell))
        last_hidden, last_cell = (torch.stack(part) for part in zip(*after, strict=True))
        return steps, (last_hidden, last_cell)

    def _skipped(self, mixed: Tensor, steps: Tensor) -> Tensor:
        skip = torch.cat([steps, steps], dim=-1) if self.lstm.bidirectional else steps
        return (mixed + skip).permute(1, 2, 0)
