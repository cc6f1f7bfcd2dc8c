"""What an anchor is: a codec with a few settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Setting(NamedTuple):
    """One point of a codec: its own knob, and by how much the item is made smaller first."""

    quality: int
    shrink: int = 1

    def __str__(self) -> str:
        return str(self.quality) if self.shrink == 1 else f"{self.quality} at 1/{self.shrink}"


Code = Callable[[Tensor, int | None, Setting], tuple[Tensor, int]]
"""(item as the model saw it, its rate in Hz, setting) -> (what comes back, bits spent)."""


@dataclass(frozen=True)
class Anchor:
    """A codec as an anchor; ``bits`` says what is counted."""

    name: str
    unit: str
    """What a setting's quality is."""
    settings: tuple[Setting, ...]
    code: Code
    bits: str
    library: str
    """Who encodes, with its version."""
