"""SNAC as a tokenizer: levels at different rates become the slots of one coarse position."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import torch
from einops import rearrange
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer, whole_frames
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.errors import TokenError
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .config import SnacConfig
from .keys import FORMATS
from .model import SnacModel, build_model, draw


class Snac(AudioTokenizer):
    """One position is one id of the coarsest level with all finer ids of the same time.

    Slots: level by level, and in order of time within a level (1 + 2 + 4, or 1 + 2 + 4 + 8).
    Source: Siuzdak et al. 2024, arXiv 2410.14411; ids equal those of hubertsiuzdak/snac.
    """

    config_type = SnacConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)

    config: SnacConfig
    module: SnacModel

    @classmethod
    def build(cls, config: SnacConfig) -> SnacModel:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)

    def check(self, tokens: Tokens) -> None:
        """Attention needs whole windows."""
        step = self.config.block // self.config.coarse
        for item, length in enumerate(tokens.lengths.tolist()):
            if length % step:
                raise TokenError(
                    f"item {item} has {length} positions; {self.name} attends in windows of "
                    f"{step} and decodes multiples of that"
                )

    def _encode(self, batch: Tensor, *, prefix: int | None, noise: Noise) -> Encoded:
        ids = self.module.quantizer.ids(self._latents(batch), prefix)
        counts = self.config.ids_per_level
        slots = [
            rearrange(one, "b (t n) -> b n t", n=n) for one, n in zip(ids, counts, strict=False)
        ]
        return Encoded(torch.cat(slots, dim=1))

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        add_noise: Annotated[
            bool, Option("the decoder's own noise, drawn by seed; without it decode is smoother")
        ] = True,
    ) -> Tensor:
        latents = self.module.quantizer.vectors(self._levels(codes))
        decoder = self.module.decoder
        drawn = None
        if self.config.noise and add_noise:
            counts = decoder.noise_lengths(latents.shape[-1])
            row = noise.normal((sum(counts),), codes.device).to(self.dtype)
            drawn = draw(counts, row)
        return decoder(latents, drawn)

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of the level that a slot belongs to."""
        counts = self.config.ids_per_level
        level = [i for i, count in enumerate(counts) for _ in range(count)][slot]
        return self.module.quantizer.levels[level].codebook.weight

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        found = self._latents(batch).transpose(1, 2)
        return Vectors(found, torch.ones(found.shape[:2], dtype=torch.bool, device=found.device))

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        levels = self._levels(tokens.codes)
        mask = (tokens.codes[:, 0] >= 0).repeat_interleave(self.config.coarse, dim=1)
        return Vectors(self.module.quantizer.vectors(levels).transpose(1, 2), mask)

    def _latents(self, batch: Tensor) -> Tensor:
        padded = whole_frames(batch, self.config.hop * self.config.block)
        return self.module.encoder(padded.to(self.dtype))

    def _levels(self, codes: Tensor) -> Sequence[Tensor]:
        """Codes [item, slot, position] -> ids [item, n * position] of each level there."""
        counts, found, start = self.config.ids_per_level, [], 0
        for count in counts:
            if start < codes.shape[1]:
                found.append(rearrange(codes[:, start : start + count], "b n t -> b (t n)"))
            start += count
        return found
