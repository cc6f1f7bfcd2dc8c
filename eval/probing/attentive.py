"""A small network on ids that are embedded from scratch: what the ids carry, codebook unseen.

Codebooks of a position are weighed by attention and added up, as DASB's probes do (Mousavi et al.
2024); a learned query then attends over positions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .folds import Fit


@dataclass(frozen=True)
class Training:
    """How the probe is trained; part of a result's settings."""

    width: int = 64
    epochs: int = 30
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.3


class AttentiveProbe(nn.Module):
    """Ids [item, slot, position] -> logits [item, class]; -1 is no id."""

    starts: Tensor
    """[slot, 1]: each slot's first row in the table"""

    def __init__(self, vocab_sizes: Sequence[int], classes: int, training: Training) -> None:
        super().__init__()
        width = training.width
        self.table = nn.Embedding(sum(vocab_sizes), width)
        starts = np.cumsum([0, *vocab_sizes[:-1]])
        self.register_buffer("starts", torch.from_numpy(starts)[:, None])
        self.slot_score = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        self.query = nn.Parameter(torch.randn(width) / math.sqrt(width))
        self.key = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(training.dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of a batch."""
        there = ids >= 0
        vectors = self.table(ids.clamp(min=0) + self.starts)  # [item, slot, position, width]
        scores = self.slot_score(vectors)[..., 0].masked_fill(~there, -1e9)
        weights = scores.softmax(1)[..., None]
        merged = (weights * vectors).sum(1)  # [item, position, width]
        merged = merged + _places(merged.shape[1], merged.shape[2], ids.device)
        keys = self.key(self.dropout(merged))
        attention = (keys @ self.query).masked_fill(~there.any(1), -1e9).softmax(1)
        pooled = (attention[..., None] * merged).sum(1)
        return self.head(self.dropout(self.norm(pooled)))


def attentive_fit(
    ids: Tensor, vocab_sizes: Sequence[int], classes: np.ndarray, training: Training, device: str
) -> Fit:
    """Train the probe on ids [sample, slot, position] of the training rows; -1 is no id."""
    targets = torch.from_numpy(classes).to(device)
    data = ids.to(device)
    count = int(classes.max()) + 1

    def fit(train: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
        with torch.random.fork_rng(devices=[device] if device.startswith("cuda") else []):
            torch.manual_seed(seed)
            probe = AttentiveProbe(vocab_sizes, count, training).to(device)
            rows = torch.from_numpy(train).to(device)
            _train(probe, data[rows], targets[rows], training)
        with torch.no_grad():
            logits = [probe(part) for part in data[torch.from_numpy(judged).to(device)].split(256)]
        return torch.cat(logits).argmax(1).cpu().numpy()

    return fit


def _train(probe: AttentiveProbe, ids: Tensor, targets: Tensor, training: Training) -> None:
    optimizer = torch.optim.AdamW(
        probe.parameters(), training.learning_rate, weight_decay=training.weight_decay
    )
    steps = training.epochs * -(-len(ids) // training.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.learning_rate, steps)
    probe.train()
    with torch.enable_grad():
        for _ in range(training.epochs):
            for rows in torch.randperm(len(ids)).to(ids.device).split(training.batch):
                loss = cross_entropy(probe(ids[rows]), targets[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    probe.eval()


def _places(count: int, width: int, device: torch.device) -> Tensor:
    """Sines and cosines of positions [position, width]."""
    steps = torch.arange(count, device=device)[:, None]
    rates = torch.exp(-math.log(1e4) * torch.arange(0, width, 2, device=device) / width)
    angles = steps * rates
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
