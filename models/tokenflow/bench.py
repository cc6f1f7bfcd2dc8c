"""The parts of a TokenFlow that ``zoo bench --parts`` times."""

from collections.abc import Callable

import torch

from .tokenizer import TokenFlow


def parts(tok: TokenFlow, batch_size: int, prefix: int | None) -> dict[str, Callable[[], object]]:
    """Callables over fixed random inputs of the usual size, by name."""
    model, config = tok.module, tok.config
    side, grid = config.image_sizes[0], config.grids[0]
    scales = config.schedule(grid)[:prefix]
    random = torch.Generator().manual_seed(0)
    images = torch.randn(batch_size, 3, side, side, generator=random).clamp(-1, 1)
    images = images.to(tok.device, tok.dtype)
    features = torch.randn(batch_size, config.dim, grid, grid, generator=random).to(tok.device)
    latent = model.quantizer.normalize(features)
    return {
        "semantic encoder": lambda: model.semantic_encoder(images),
        "pixel encoder": lambda: model.pixel_encoder(images, grid),
        f"quantiser, {len(scales)} scales": lambda: model.quantizer.encode(features, scales),
        "semantic decoder": lambda: model.semantic(latent),
        "pixel decoder": lambda: model.pixels(latent),
    }
