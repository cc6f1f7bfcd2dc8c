"""A net of a few numbers, the file it is published in, and the key table between them."""

import torch
from torch import nn

from zoo.weights import Rule

TABLE = (
    Rule("model.blocks.{i}.fc{n}.{w}", "blocks.{i}.linear{n}.{w}"),
    Rule("model.head.weight", "head.weight", change=lambda weight: weight.T),
    Rule("model.head.bias", "head.bias"),
    Rule("loss.{rest*}", None, why="training only"),
)


class Net(nn.Module):
    """Two blocks, a head, a persistent and two fleeting buffers."""

    def __init__(self, wild: bool = False):
        super().__init__()
        self.blocks = nn.ModuleList([nn.ModuleDict({"linear1": nn.Linear(3, 3)}) for _ in range(2)])
        self.head = nn.Linear(3, 2)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("ramp", torch.arange(4.0, device="cpu"), persistent=False)
        if wild:
            self.register_buffer("wild", torch.arange(4.0), persistent=False)


def meta(wild: bool = False) -> Net:
    with torch.device("meta"):
        return Net(wild)


def published() -> dict[str, torch.Tensor]:
    found = {}
    for i in range(2):
        found[f"model.blocks.{i}.fc1.weight"] = torch.full((3, 3), float(i))
        found[f"model.blocks.{i}.fc1.bias"] = torch.zeros(3)
    found["model.head.weight"] = torch.arange(6.0).reshape(3, 2)
    found["model.head.bias"] = torch.ones(2)
    found["loss.disc.weight"] = torch.ones(1)
    return found


STEPS = {"steps": torch.tensor(7)}
