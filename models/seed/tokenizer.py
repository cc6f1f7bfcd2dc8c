"""SEED as a tokenizer: a picture to 32 causal ids, and a new picture of the same meaning back."""

from collections.abc import Mapping
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import torch
from torch import Tensor

from zoo.engine.checks import check_tokens, need_verb
from zoo.engine.noise import Noise
from zoo.engine.options import Option, OptionInfo
from zoo.errors import CheckpointCorruptError, NotSupportedError, TokenError
from zoo.image_tokenizer import ImageTokenizer
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens
from zoo.tokens.hf import TextStyle

from .config import SeedConfig
from .keys import FORMATS
from .model import SeedModel, build_model

if TYPE_CHECKING:
    from .painter import Painter

PAINTER = "unclip"  # the part of the card that paints; loaded when decode is first called

_opening = Lock()


class Seed(ImageTokenizer):
    """One slot; id i depends on ids before it only, but an image needs all of them to decode.

    Source: Ge et al. 2023, arXiv 2310.01218; ids equal those of AILab-CVC/SEED's
    ``Blip2QformerQuantizer.get_codebook_indices``.
    """

    text_style = TextStyle("<img_{number:05}>", begin="<img>", end="</img>")
    config_type = SeedConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder", "picture")
    compiled_parts = ("encoder", "decoder", "picture")
    feature_kinds = ("queries", "unquantized", "patches")
    vector_kinds = ("embedding", "codes", "tokens")

    config: SeedConfig
    module: SeedModel

    @classmethod
    def build(cls, config: SeedConfig) -> SeedModel:
        """Construct encoder, codebook, embedding decoder and, in small ones, picture decoder."""
        return build_model(config)

    def _encode(self, batch: Tensor, *, prefix: int | None, noise: Noise) -> Encoded:
        vectors = self.module.encoder(self.normalized(batch))
        return Encoded(self.module.quantizer.ids(vectors)[:, None])

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        steps: Annotated[int, Option("denoising steps", low=1, high=1000)] = 20,
        guidance_scale: Annotated[float, Option("strength of guidance; 1 is none", low=0)] = 10.0,
        noise_level: Annotated[
            int, Option("noise on the image embedding: higher strays further", low=0, high=999)
        ] = 0,
        negative: Annotated[Tokens | None, Option("tokens of one image to steer away from")] = None,
    ) -> Tensor:
        if self.config.picture is not None:
            return self._picture(codes[:, 0])
        if negative is not None and guidance_scale <= 1:
            raise NotSupportedError("decode: negative needs a guidance_scale above 1")
        painter = self._painter()
        latents = noise.normal(painter.latent_shape, codes.device)

        def labels(ids: Tensor, level: int) -> Tensor:
            embeddings = self._embeddings(ids)
            return painter.labels(embeddings, noise.normal(embeddings.shape[1:], ids.device), level)

        condition = labels(codes[:, 0], noise_level)
        if guidance_scale > 1:
            avoid = None if negative is None else self._negative(negative).expand(len(codes), -1)
            condition = painter.guided(condition, None if avoid is None else labels(avoid, 0))
        return painter.paint(condition, latents, steps=steps, scale=guidance_scale)

    @cached_property
    def _decode_options(self) -> dict[str, OptionInfo]:
        """Those of painting: what a picture decoder gives is determined by the ids alone."""
        return {} if self.config.picture is not None else super()._decode_options

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim]."""
        return self.module.quantizer.rows

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        encoder, images = self.module.encoder, self.normalized(batch)
        if kind == "patches":
            return _all_there(encoder.patches(images))
        found = encoder.queries(images)
        return _all_there(encoder.head(found) if kind == "unquantized" else found)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        ids = tokens.codes[:, 0]
        if kind == "codes":
            return _all_there(self.module.quantizer.vectors(ids))
        need_verb(self, "decode")
        if kind == "tokens":
            return _all_there(self.module.decoder.task(self.module.quantizer.vectors(ids)))
        return _all_there(self._embeddings(ids)[:, None])

    def _embeddings(self, ids: Tensor) -> Tensor:
        return self.module.decoder(self.module.quantizer.vectors(ids))

    def _picture(self, ids: Tensor) -> Tensor:
        model = self.module
        assert model.picture is not None
        return self.pixels(model.picture(model.decoder.tokens(model.quantizer.vectors(ids))))

    def _negative(self, tokens: Tokens) -> Tensor:
        check_tokens(self, tokens)
        if len(tokens) != 1:
            raise TokenError(f"decode: negative has {len(tokens)} items; pass the ids of one image")
        return tokens.codes[:, 0].to(self.device)

    def _painter(self) -> "Painter":
        with _opening:
            return self._loaded_painter.to(self.device, self.dtype)

    @cached_property
    def _loaded_painter(self) -> "Painter":
        from .painter_files import load_painter

        painter = load_painter(partial(self.part_path, PAINTER))
        if painter.width != self.config.decoder.embedding:
            raise CheckpointCorruptError(
                f"{self.name}: the painter takes embeddings of {painter.width} numbers, the ids "
                f"give {self.config.decoder.embedding}"
            )
        return painter


def _all_there(vectors: Tensor) -> Vectors:
    return Vectors(vectors, torch.ones(vectors.shape[:2], dtype=torch.bool, device=vectors.device))
