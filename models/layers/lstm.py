"""An LSTM over time whose input is added to what it gives."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .over_time import Memory, OverTime

FEW = 8  # steps up to which going one by one is faster
State = tuple[Tensor, Tensor]
Turned = tuple[Tensor, Tensor, Tensor]
"""Of a layer: the weights of input and state, transposed (one row times these costs half as much),
and the sum of both biases."""


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
        if len(steps) > FEW:
            mixed, memory[self] = self.lstm(steps, memory.get(self))
            return self._skipped(mixed, steps)
        if self.lstm not in memory:
            memory[self.lstm] = [self._turned(layer) for layer in range(self.lstm.num_layers)]
        mixed, memory[self] = few_steps(steps, memory.get(self), memory[self.lstm])
        return self._skipped(mixed, steps)

    def _turned(self, layer: int) -> Turned:
        into, around, one, other = (
            getattr(self.lstm, f"{name}_l{layer}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        return into.T.contiguous(), around.T.contiguous(), one + other

    def _skipped(self, mixed: Tensor, steps: Tensor) -> Tensor:
        skip = torch.cat([steps, steps], dim=-1) if self.lstm.bidirectional else steps
        return (mixed + skip).permute(1, 2, 0)


def few_steps(steps: Tensor, state: State | None, layers: Sequence[Turned]) -> tuple[Tensor, State]:
    """An LSTM over few steps [time, item, width]; torch's own repacks all weights in each call."""
    time, items, width = steps.shape
    if state is None:
        start = steps.new_zeros(len(layers), items, width)
        state = start, start
    after = []
    for (into, around, bias), hidden, cell in zip(layers, *state, strict=True):
        given = torch.addmm(bias, steps.flatten(0, 1), into).view(time, items, -1)
        found = []
        for gates in given:  # [item, 4 * width]
            enter, keep, fresh, leave = torch.addmm(gates, hidden, around).chunk(4, dim=1)
            cell = torch.addcmul(keep.sigmoid() * cell, enter.sigmoid(), fresh.tanh())
            hidden = leave.sigmoid() * cell.tanh()
            found.append(hidden)
        steps = torch.stack(found)
        after.append((hidden, cell))
    last_hidden, last_cell = (torch.stack(part) for part in zip(*after, strict=True))
    return steps, (last_hidden, last_cell)
