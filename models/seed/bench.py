"""The parts of a SEED tokenizer that ``zoo bench --parts`` times."""

from collections.abc import Callable

import torch

from .tokenizer import Seed


def parts(tok: Seed, batch_size: int, prefix: int | None) -> dict[str, Callable[[], object]]:
    """Callables over fixed random inputs of the model's size, by name; no painter is loaded."""
    encoder, config = tok.module.encoder, tok.config
    random = torch.Generator().manual_seed(0)
    shape = (batch_size, 3, config.image_size, config.image_size)
    images = torch.randn(shape, generator=random).to(tok.device, tok.dtype)
    ids = torch.randint(config.codebook[0], (batch_size, config.queries), generator=random)
    ids = ids.to(tok.device)
    with torch.inference_mode():
        patches = encoder.patches(images)
        queries = encoder.qformer(patches)
        vectors = encoder.head(queries)
        tokens = tok.module.decoder.tokens(tok.module.quantizer.vectors(ids))
    picture = tok.module.picture
    pixels = {} if picture is None else {"tokens to pixels": lambda: picture(tokens)}
    return {
        "vision transformer": lambda: encoder.patches(images),
        "Q-Former": lambda: encoder.qformer(patches),
        "task layer and codebook": lambda: tok.module.quantizer.ids(encoder.head(queries)),
        "codebook alone": lambda: tok.module.quantizer.ids(vectors),
        "ids to embedding": lambda: tok.module.decoder(tok.module.quantizer.vectors(ids)),
        **pixels,
    }
