"""Mimi as a tokenizer."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask, whole_frames
from zoo.engine.noise import Noise
from zoo.engine.stepping import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import Memory
from .config import MimiConfig
from .keys import FORMATS
from .model import MimiParts, build_model
from .searching import searching


class Mimi(AudioTokenizer):
    """One slot per codebook, the first one semantic; the first k codebooks decode alone.

    Source: Défossez et al. 2024, arXiv 2410.00037; ids equal those of kyutai's moshi, one-shot.
    """

    config_type = MimiConfig
    formats = FORMATS
    encode_parts = ("encoder", "encoder_transformer", "downsample")
    decode_parts = ("upsample", "decoder_transformer", "decoder")
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    config: MimiConfig
    module: MimiParts

    @classmethod
    def build(cls, config: MimiConfig) -> MimiParts:
        """Construct encoder, quantisers and decoder."""
        return build_model(config)

    def to(
        self, device: str | torch.device | None = None, dtype: torch.dtype | None = None
    ) -> "Mimi":
        """Move the networks, and forget the tables that codebooks keep in a place of their own."""
        super().to(device, dtype)
        for codebook in self.module.codebooks():
            codebook._embed = None
        return self

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        # All layers are causal: what stands behind an item's last position changes nothing.
        codes = self.module.quantizer.encode(self._latents(batch), prefix).transpose(0, 1)
        return Encoded(codes, frames_of(lengths, self.config.frame))

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        sound = self.module.sound(self.module.quantizer.decode(codes.clamp(min=0)))
        samples = (lengths * self.config.frame).tolist()
        return [item[:, :end] for item, end in zip(sound, samples, strict=True)]

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step:
        memory: Memory = {}
        behind = 0  # samples behind the last whole position
        slots = self.spec.num_slots if prefix is None else prefix
        search, dtype = searching(self.module.quantizer, slots), self.dtype

        def step(sound: Tensor, last: bool) -> Tensor:
            nonlocal behind
            behind = (behind + sound.shape[-1]) % self.config.frame
            if last:
                sound = pad(sound, (0, -behind % self.config.frame))
            latents = self.module.latents_step(sound.to(dtype), memory, last)
            if not latents.shape[-1]:
                return torch.zeros(1, slots, 0, dtype=torch.int64, device=sound.device)
            return search(latents)

        return step

    def _decode_steps(self, *, noise: Noise) -> Step:
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            latents = torch.zeros(1, self.config.width, 0, dtype=self.dtype, device=codes.device)
            if codes.shape[-1]:
                latents = self.module.quantizer.decode(codes.clamp(min=0))
            return self.module.sound_step(latents, memory, last)

        return step

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook, before its projection."""
        return self.module.codebooks()[slot].embed

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found = self._latents(batch).transpose(1, 2)
        mask = row_mask(frames_of(lengths, self.config.frame), found.shape[1])
        return Vectors(found * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        quantizer, parts = self.module.quantizer, []
        for slot, ids in enumerate(tokens.codes.unbind(1)):
            rows = self.codebook(slot)[ids.clamp(min=0)] * (ids >= 0)[..., None]
            semantic = slot < quantizer.num_semantic_quantizers
            branch = "semantic" if semantic else "acoustic"
            project = getattr(quantizer, f"{branch}_residual_vector_quantizer").output_proj
            parts.append(project(rows.transpose(1, 2)).transpose(1, 2))
        return Vectors(torch.stack(parts).sum(0), tokens.codes[:, 0] >= 0)

    def _latents(self, batch: Tensor) -> Tensor:
        # Whole positions first, as moshi: convolutions that fill up one by one would make another
        # last position.
        return self.module.latents(whole_frames(batch, self.config.frame).to(self.dtype))
