"""Random weights that small models learn from at once: each query begins at its part of the picture.

PyTorch's own hide the picture behind what is the same for all pictures: attention that is spread
evenly takes means, and linear layers shrink what passes. Here one code of places serves patches,
queries, tokens and the places that pixels grow from, so that attention finds what is near.
"""

import math

import torch
from torch import Tensor, nn

from ..layers.beit import BeitBlock
from .model import SeedModel
from .qformer import Layer

NEAR = 8.0  # spread of frequencies: places an eighth of the picture apart are alike to 0.6
SHARPER = 1.5  # of keys and of queries
LOUDER = 1.5  # of what is read from the image
CALM = 0.3  # of what transformer blocks add, beside attention to the image


@torch.no_grad()
def local_start(model: SeedModel, random: torch.Generator) -> None:
    """Draw weights anew. Needs a picture decoder, and one width for all parts."""
    for part in model.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=part.in_features**-0.5, generator=random)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in model.modules():
        if isinstance(part, BeitBlock):
            part.attn.proj.weight *= CALM
            part.mlp.fc2.weight *= CALM
        if isinstance(part, Layer):
            part.attention.out.weight *= CALM
            part.mlp.down.weight *= CALM
            if part.cross is not None:
                part.cross.query.weight *= SHARPER
                part.cross.key.weight.copy_(part.cross.query.weight)
                part.cross.value.weight *= LOUDER
    assert model.picture is not None
    vit, queries, reader = model.encoder.vit, model.encoder.qformer.queries, model.picture.reader
    code = PlaceCode(queries.shape[-1], random)
    patches = math.isqrt(vit.positions.shape[1] - 1)
    nn.init.normal_(vit.patches.weight, std=vit.patches.weight[0].numel() ** -0.5, generator=random)
    vit.positions[0, 1:] = code.grid(patches, patches)
    across = 2 ** math.ceil(math.log2(queries.shape[1]) / 2)
    down = math.ceil(queries.shape[1] / across)
    for places in (queries, model.decoder.trunk.positions):
        places[0] = code.grid(down, across)[: queries.shape[1]]
    reader.queries[0] = code.grid(model.picture.grid, model.picture.grid)


class PlaceCode:
    """Vectors of places in a picture, alike where these are near.

    Source: Rahimi and Recht 2007, Random Features for Large-Scale Kernel Machines.
    """

    def __init__(self, width: int, random: torch.Generator) -> None:
        self.waves = torch.randn(2, width, generator=random) * NEAR
        self.phases = torch.rand(width, generator=random) * 2 * math.pi

    def grid(self, down: int, across: int) -> Tensor:
        """Centres of a grid's fields, row by row -> [down * across, width]."""
        rows, columns = ((torch.arange(n) + 0.5) / n for n in (down, across))
        return math.sqrt(2) * torch.cos(
            torch.cartesian_prod(rows, columns) @ self.waves + self.phases
        )
