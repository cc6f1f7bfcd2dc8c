"""What is probed, and how: the part of a plan that its report needs too."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..reconstruction.setup import Setup
from .attentive import Training


@dataclass(frozen=True)
class Protocol:
    """How probes are fitted and judged."""

    folds: int
    seeds: int
    training: Training


@dataclass(frozen=True)
class Probing:
    """One tokenizer on one labelled data set."""

    setup: Setup
    labels: dict[str, str]  # class of each sample
    protocol: Protocol
    probes: Sequence[str]
    skipped: Sequence[dict[str, str]]  # probes that were asked for and cannot be fitted, and why
    device: str
