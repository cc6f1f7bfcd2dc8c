"""A very small TokenFlow for the objectives of small machines, and pictures it learns from."""

import numpy as np
import torch
from samples import picture
from torch import Tensor

from zoo.models.tokenflow.config import (
    ConvConfig,
    SemanticDecoderConfig,
    TokenFlowConfig,
    TowerConfig,
)
from zoo.models.tokenflow.model import TokenFlowModel, build_model

SIDE = 32  # of a picture, in pixels
CONV = ConvConfig((16,), 1, groups=8, fold=4, share=0.1)
CONFIG = TokenFlowConfig(
    codebook_size=128,
    semantic_dim=4,
    pixel_dim=12,
    scales=(1, 2, 8),
    image_sizes=(SIDE,),
    tower=TowerConfig("clip", grid=8, patch=4, width=32, depth=1, heads=2, hidden=64),
    semantic_decoder=SemanticDecoderConfig(8, width=32, depth=1, heads=2, hidden=64, out=24),
    latent_channels=8,
    pixel_encoder=CONV,
    pixel_decoder=CONV,
)
OPTIONS = {
    "pixel_weight": 0.07,
    "semantic_weight": 0.5,
    "commitment": 1000.0,
    "prefix_share": 0.0,
    "decay": 0.9,
    "least": 0.1,
    "pixel_tilt": 0.05,
    "semantic_tilt": 0.05,
    "rounds": 40,
}


def random(seed: int = 0) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


def model() -> TokenFlowModel:
    """Random weights, the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(CONFIG)


def pictures() -> Tensor:
    """Sixteen pictures [16, 3, SIDE, SIDE], uint8."""
    found = [np.asarray(picture(SIDE, SIDE, seed)) for seed in range(16)]
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2)
