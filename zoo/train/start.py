"""The weights that a run starts from: random ones, or those of another checkpoint."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from ..cards import Card
from ..errors import CardError
from ..families import family_class
from ..loading import build_module, load, read_config, source_content
from .differences import differences


@dataclass(frozen=True)
class Start:
    """Networks before the first step, and where their weights came from."""

    config: Any
    module: nn.Module
    name: str | None = None  # None: random weights
    card: Card | None = None
    digest: str | None = None  # of the weights


def random_start(card: Card, seed: int) -> Start:
    """A card's networks with random weights."""
    config = _config(card)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Start(config, build_module(family_class(card.family), config))


def start_from(card: Card, name: str) -> Start:
    """A card's networks with the weights of the checkpoint ``name``.

    Raises:
        CardError: for a checkpoint of another family or configuration, with what differs.
    """
    tok = load(name)
    if tok.card.family != card.family:
        raise CardError(
            f"{card.name} is of family {card.family} and cannot start from {name}, which is of "
            f"family {tok.card.family}"
        )
    unlike = [
        f"{field} ({ours!r}, there {theirs!r})"
        for field, ours, theirs in differences(asdict(_config(card)), asdict(tok.config))
    ]
    if unlike:
        raise CardError(
            f"{card.name} cannot start from {name}: their configurations differ in "
            f"{'; '.join(unlike)}. Start from a checkpoint of the same one, or train a card that "
            "says what the checkpoint says"
        )
    module = tok.module.requires_grad_(True)
    return Start(tok.config, module, name, tok.card, _digest(module))


def _config(card: Card) -> Any:
    family = family_class(card.family)
    content = source_content(card, {}, None, None)
    return read_config(card, family.source_config(content) if card.config_from else {})


def _digest(module: nn.Module) -> str:
    """The sha256 of all values by name: the same for the same weights, however they are stored."""
    whole = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        whole.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        whole.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return whole.hexdigest()
