"""What a family brings to the training loop."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

Cell = tuple[Tensor, str]  # a picture [3, h, w] in 0..1 and its caption


class Batches(Protocol):
    """Anything indexable by many integers at once."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> Tensor: ...


class Objective(nn.Module, ABC):
    """A loss over the part of a model that one stage trains.

    Only parameters under ``trained`` move. Every random draw comes from the generator passed in,
    which is seeded by the step: so a resumed run goes on exactly as it would have.
    """

    def __init__(self, model: nn.Module, config: Any, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.model = model

    @property
    @abstractmethod
    def trained(self) -> nn.Module:
        """The part that is trained and averaged."""

    @property
    def device(self) -> torch.device:
        """Where the model is; held-out media come on the CPU, all at once, and go there in parts."""
        return next(self.model.parameters()).device

    def source(self, items: Batches) -> Batches:
        """What batches are drawn from: the prepared media, or something computed from it once."""
        return items

    def rescale(self) -> None:
        """Once before the first step, fine-tuning too: weights of sizes that a step suits.

        No result may change by it.
        """

    def begin(self, items: Batches) -> None:
        """Set random weights once before the first step by closed forms; not when fine-tuning."""

    @abstractmethod
    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Losses by name; the one called ``loss`` is minimised."""

    @abstractmethod
    def validate(self, items: Tensor) -> dict[str, float]:
        """Figures on held-out media, which are on the CPU."""

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Rows of pictures that show how far training is; may be empty."""
        return []

    def finish(self, items: Batches) -> None:
        """Change weights once after the last step, by closed forms (statistics, rescaling)."""
