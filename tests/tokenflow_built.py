"""Tiny TokenFlows of random weights: the fixtures ``tok`` and ``siglip`` of its tests."""

from pathlib import Path

import pytest
from torch import Tensor, nn

from zoo.loading import build_module, load_random
from zoo.models.tokenflow.tokenizer import TokenFlow

CARDS = Path(__file__).parent / "cards"


def tiny(card: str) -> TokenFlow:
    made = load_random(CARDS / f"{card}.md")
    assert isinstance(made, TokenFlow)
    return made


@pytest.fixture(name="tok", scope="module")
def clip_tokenflow() -> TokenFlow:
    return tiny("test-tokenflow")


@pytest.fixture(name="siglip", scope="module")
def siglip_tokenflow() -> TokenFlow:
    return tiny("test-tokenflow-siglip")


class Forbidden(nn.Module):
    """Stands where nothing may run."""

    def forward(self, *_: Tensor) -> Tensor:
        raise AssertionError("this branch was not asked for")


def without(tok: TokenFlow, *paths: str) -> TokenFlow:
    """The same tokenizer, in which these parts must not run."""
    module = build_module(TokenFlow, tok.config)
    module.load_state_dict(tok.module.state_dict())
    for path in paths:
        parent, _, name = path.rpartition(".")
        setattr(module.get_submodule(parent), name, Forbidden())
    return TokenFlow(tok.card, tok.config, module.eval().requires_grad_(False))
