"""FlexTok as a tokenizer: a picture to a row of ids whose every prefix decodes, and back."""

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from torch import Tensor

from zoo.engine.checks import need_verb
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.image_tokenizer import ImageTokenizer
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .config import FlexTokConfig
from .hub_config import read_hub_config
from .keys import FORMATS
from .model import FlexTokModel, build_model
from .sampler import sample


class FlexTok(ImageTokenizer):
    """One slot; position i depends on positions before it only; the first k ids decode alone.

    Source: Bachmann et al. 2025, arXiv 2502.13967; ids equal those of apple/ml-flextok's
    ``tokenize`` with the posterior mean.
    """

    config_type = FlexTokConfig
    formats = FORMATS
    stand_ins = {"scaling_factor": 1.0, "sample_posterior": False, "max_timestep": 1000.0}
    encode_parts = ("vae.network.encoder", "vae.network.quant_conv", "encoder")
    decode_parts = ("vae.network.decoder", "vae.network.post_quant_conv", "decoder")
    compiled_parts = ("encoder", "decoder", "vae.network.encoder", "vae.network.decoder")
    feature_kinds = ("registers", "latents", "unquantized")
    vector_kinds = ("codes", "registers")
    mixed_lengths = True

    config: FlexTokConfig
    module: FlexTokModel

    @classmethod
    def build(cls, config: FlexTokConfig) -> FlexTokModel:
        """Construct autoencoder, encoder, quantiser and decoder."""
        return build_model(config)

    @classmethod
    def source_config(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Upstream's config.json, or the same from the safetensors metadata."""
        return read_hub_config(content)

    def _encode(
        self,
        batch: Tensor,
        *,
        prefix: int | None,
        noise: Noise,
        sample_posterior: Annotated[
            bool, Option("draw latents from the posterior (by seed) instead of taking its mean")
        ] = False,
    ) -> Encoded:
        registers = self._registers(batch, prefix, noise if sample_posterior else None)
        quantizer = self.module.quantizer
        codes = quantizer.quantize(self.module.encoder.project(registers))
        return Encoded(quantizer.ids(codes)[:, None])

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        steps: Annotated[int, Option("Euler steps", low=1, high=1000)] = 20,
        guidance_scale: Annotated[float, Option("strength of guidance; 1 is none", low=0)] = 7.5,
        normalized_guidance: Annotated[bool, Option("normalised guidance (APG)")] = True,
    ) -> Tensor:
        decoder = self.module.decoder
        vectors = self.module.quantizer.vectors(codes[:, 0].clamp(min=0))
        mixed = bool((lengths != codes.shape[2]).any())
        condition = decoder.condition(vectors, lengths if mixed else None)
        shape = (self.config.latent_channels, *self.config.latent_size)
        latents = sample(
            decoder,
            noise.normal(shape, codes.device),
            condition,
            steps=steps,
            guidance_scale=guidance_scale,
            normalized_guidance=normalized_guidance,
        )
        latents = latents.to(self.dtype, memory_format=torch.channels_last)  # faster convolutions
        return self.pixels(self.module.vae.decode(latents))

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        if kind == "latents":
            found = self._latents(batch, None).flatten(2).transpose(1, 2)
        else:
            found = self._registers(batch, None, None)
        if kind == "unquantized":
            found = self.module.encoder.project(found)
        return Vectors(found, torch.ones(found.shape[:2], dtype=torch.bool, device=found.device))

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        codes = self.module.quantizer.vectors(tokens.codes[:, 0].clamp(min=0))
        if kind == "registers":  # as the decoder reads them, positions included
            need_verb(self, "decode")
            codes = self.module.decoder.embed(codes)
        return Vectors(codes, tokens.codes[:, 0] >= 0)

    def _registers(self, batch: Tensor, keep: int | None, noise: Noise | None) -> Tensor:
        return self.module.encoder(self._latents(batch, noise), keep)

    def _latents(self, batch: Tensor, noise: Noise | None) -> Tensor:
        shape = (self.config.latent_channels, *self.config.latent_size)
        drawn = None if noise is None else noise.normal(shape, batch.device).to(self.dtype)
        images = self.normalized(batch).contiguous(memory_format=torch.channels_last)
        return self.module.vae.encode(images, drawn)
