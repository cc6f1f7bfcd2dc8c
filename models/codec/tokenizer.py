"""Codec as a tokenizer: one slot per codebook, one position per hop."""

from collections.abc import Mapping

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer
from zoo.engine.noise import Noise
from zoo.streaming import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import Memory, beyond
from .config import CodecConfig
from .model import Codec, build_model


class CodecTokenizer(AudioTokenizer):
    """The first k codebooks decode alone; nothing that comes later changes an id.

    Source: our own, after the usual plan of neural codecs (Zeghidour et al. 2021, arXiv
    2107.03312): encoder, residual vector quantiser, decoder.
    """

    config_type = CodecConfig
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    config: CodecConfig
    module: Codec

    @classmethod
    def build(cls, config: CodecConfig) -> Codec:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, positions = self._latents(batch, lengths)
        codes = torch.stack(self.module.quantizer.ids(latents, prefix), dim=1)
        return Encoded(codes.masked_fill_(beyond(codes, positions), -1), positions)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        latents = self.module.quantizer.vectors(codes.unbind(1))
        sound = self.module.decoder(latents, lengths)
        ends = (lengths * self.config.hop).tolist()
        return [item[:, :end] for item, end in zip(sound, ends, strict=True)]

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step:
        memory: Memory = {}

        def step(sound: Tensor, last: bool) -> Tensor:
            latents = self.module.encoder.step(sound.to(self.dtype), memory, last)
            return torch.stack(self.module.quantizer.ids(latents, prefix), dim=1)

        return step

    def _decode_steps(self, *, noise: Noise) -> Step:
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            latents = self.module.quantizer.vectors(codes.unbind(1))
            return self.module.decoder.step(latents, memory, last)

        return step

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found, positions = self._latents(batch, lengths)
        tail = beyond(found, positions)
        return Vectors(found.masked_fill(tail, 0).transpose(1, 2), ~tail[:, 0])

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        found = self.module.quantizer.vectors(tokens.codes.unbind(1))
        return Vectors(found.transpose(1, 2), tokens.codes[:, 0] >= 0)

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, dim, position], and how many positions each item has."""
        return self.module.encoder(batch.to(self.dtype)), -(-lengths // self.config.hop)
