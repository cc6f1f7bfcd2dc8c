"""A small network on ids that are embedded from scratch: what the ids carry, codebook unseen.

Codebooks of a position are weighed by attention and added up, as DASB's probes do (Mousavi et al.
2024); a learned query then attends over positions. An id that no training sample has says nothing:
it is left out. What an id's own vector decides is computed once per id of a batch, not per place.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding_bag

from .folds import Fit


@dataclass(frozen=True)
class Training:
    """How the probe is trained; part of a result's settings."""

    width: int = 64
    epochs: int = 30
    batch: int = 32
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    dropout: float = 0.3


class AttentiveProbe(nn.Module):
    """Rows of its table [item, slot, position] -> logits [item, class]; -1 is no id."""

    def __init__(self, rows: int, classes: int, training: Training) -> None:
        super().__init__()
        width = training.width
        self.table = nn.Embedding(rows, width)
        self.slot_score = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        self.query = nn.Parameter(torch.randn(width) / math.sqrt(width))
        self.key = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(training.dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of a batch."""
        ids = ids.transpose(1, 2)  # [item, position, slot]
        there = ids >= 0
        rows, places = ids.clamp(min=0).unique(return_inverse=True)
        vectors = self.table(rows)  # [row, width]
        weights = there.to(vectors)
        if ids.shape[-1] > 1:
            scores = self.slot_score(vectors)[:, 0][places].masked_fill(~there, -1e9)
            weights = weights * scores.softmax(-1)
        merged = embedding_bag(
            places.flatten(0, 1), vectors, per_sample_weights=weights.flatten(0, 1), mode="sum"
        )
        merged = merged.unflatten(0, ids.shape[:2])  # [item, position, width]
        merged = merged + _places(merged.shape[1], merged.shape[2], ids.device)
        keys = self.key(self.dropout(merged))
        attention = (keys @ self.query).masked_fill(~there.any(-1), -1e9).softmax(1)
        pooled = (attention[..., None] * merged).sum(1)
        return self.head(self.dropout(self.norm(pooled)))


def attentive_fit(
    ids: Tensor, vocab_sizes: Sequence[int], classes: np.ndarray, training: Training, device: str
) -> Fit:
    """Train the probe on ids [sample, slot, position] of the training rows; -1 is no id."""
    targets = torch.from_numpy(classes).to(device)
    starts = torch.from_numpy(np.cumsum([0, *vocab_sizes[:-1]]))[:, None]  # of each slot
    data = torch.where(ids >= 0, ids + starts, -1).to(device)
    count = int(classes.max()) + 1

    def fit(train: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
        known, new = (data[torch.from_numpy(rows).to(device)] for rows in (train, judged))
        numbers = _numbers(known, sum(vocab_sizes))
        with torch.random.fork_rng(devices=[device] if device.startswith("cuda") else []):
            torch.manual_seed(seed)
            probe = AttentiveProbe(int(numbers.max()) + 1, count, training).to(device)
            _train(probe, numbers[known], targets[torch.from_numpy(train).to(device)], training)
        with torch.no_grad():
            logits = [probe(part) for part in numbers[new].split(64)]
        return torch.cat(logits).argmax(1).cpu().numpy()

    return fit


def _numbers(ids: Tensor, size: int) -> Tensor:
    """[size + 1]: the row of the table of each id that occurs in ``ids``; -1 for others and -1."""
    found = ids.unique()
    found = found[found >= 0]
    numbers = ids.new_full((size + 1,), -1)
    numbers[found] = torch.arange(len(found), device=ids.device)
    return numbers


def _train(probe: AttentiveProbe, ids: Tensor, targets: Tensor, training: Training) -> None:
    optimizer = torch.optim.AdamW(
        probe.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    steps = training.epochs * -(-len(ids) // training.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.learning_rate, steps)
    lengths = (ids >= 0).any(1).long().cumsum(1).argmax(1) + 1  # up to the last id
    probe.train()
    with torch.enable_grad():
        for _ in range(training.epochs):
            for rows in torch.randperm(len(ids)).to(ids.device).split(training.batch):
                batch = ids[rows, :, : int(lengths[rows].max())]
                optimizer.zero_grad()
                cross_entropy(probe(batch), targets[rows]).backward()
                optimizer.step()
                schedule.step()
    probe.eval()


def _places(count: int, width: int, device: torch.device) -> Tensor:
    """Sines and cosines of positions [position, width]."""
    steps = torch.arange(count, device=device)[:, None]
    rates = torch.exp(-math.log(1e4) * torch.arange(0, width, 2, device=device) / width)
    angles = steps * rates
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
