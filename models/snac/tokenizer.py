"""SNAC as a tokenizer: levels at different rates become the slots of one coarse position."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import torch
from einops import rearrange
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask, whole_frames
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.errors import TokenError
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.ragged import cut, ragged
from ..layers.reach import in_pieces, reach
from .config import SnacConfig
from .keys import FORMATS
from .model import SnacModel, build_model, per_block


class Snac(AudioTokenizer):
    """One position is one id of the coarsest level with all finer ids of the same time.

    Slots: level by level, and in order of time within a level (1 + 2 + 4, or 1 + 2 + 4 + 8).
    Source: Siuzdak et al. 2024, arXiv 2410.14411; ids equal those of hubertsiuzdak/snac.
    """

    config_type = SnacConfig
    ragged = True
    mixed_lengths = True
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

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        codes = self._slots(self._latents(batch, lengths), prefix)
        return Encoded(codes, self._frames(lengths) // self.config.coarse)

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
    ) -> list[Tensor]:
        latents = self.module.quantizer.vectors(self._levels(codes))
        frames = lengths * self.config.coarse
        drawn = self._noise(frames, noise) if add_noise else None
        with ragged(frames, latents.shape[-1]):
            return cut(self.module.decoder(latents, drawn))

    def _encode_pieces(
        self, batch: Tensor, *, prefix: int | None, noise: Noise
    ) -> Iterator[Tensor]:
        def ids(sound: Tensor, start: int) -> Tensor:
            return self._slots(self.module.encoder(sound.to(self.device, self.dtype)), prefix)

        block = self.config.hop * self.config.block
        far = reach(self.module.encoder.modules(), block, self.config.block)
        far = replace(far, grown=self.config.block // self.config.coarse)
        return in_pieces(ids, whole_frames(batch, block), far, self.piece(self.sample_rate or 1))

    def _decode_pieces(self, codes: Tensor, *, noise: Noise, add_noise: bool) -> Iterator[Tensor]:
        coarse, block = self.config.coarse, self.config.block
        frames = codes.shape[-1] * coarse
        drawn = self._noise(torch.tensor([frames]), noise) if add_noise else None

        def sound(ids: Tensor, start: int) -> Tensor:
            latents = self.module.quantizer.vectors(self._levels(ids.to(self.device)))
            first, last = start * coarse, (start + ids.shape[-1]) * coarse
            rates = [one.shape[-1] // frames for one in drawn or ()]
            own = [n[..., first * r : last * r] for n, r in zip(drawn or (), rates, strict=True)]
            return self.module.decoder(latents, own)

        far = reach(self.module.decoder.modules(), block, block * self.config.hop)
        far = replace(far, block=block // coarse)
        return in_pieces(sound, codes, far, self.piece(self.token_rate or 1))

    def _slots(self, latents: Tensor, prefix: int | None) -> Tensor:
        """Latents [item, width, frame] -> ids [item, slot, position]."""
        ids, counts = self.module.quantizer.ids(latents, prefix), self.config.ids_per_level
        return torch.cat(
            [rearrange(one, "b (t n) -> b n t", n=n) for one, n in zip(ids, counts, strict=False)],
            dim=1,
        )

    def _noise(self, frames: Tensor, noise: Noise) -> list[Tensor] | None:
        """What the decoder draws for items of so many frames; each from its own seed."""
        if not self.config.noise:
            return None
        counts = [self.module.decoder.noise_lengths(n) for n in frames.tolist()]
        rows = noise.normal_each([sum(one) for one in counts], self.device)
        return per_block(counts, rows.to(self.dtype))

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of the level that a slot belongs to."""
        counts = self.config.ids_per_level
        level = [i for i, count in enumerate(counts) for _ in range(count)][slot]
        return self.module.quantizer.levels[level].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found = self._latents(batch, lengths).transpose(1, 2)
        mask = row_mask(self._frames(lengths), found.shape[1])
        return Vectors(found * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        levels = self._levels(tokens.codes)
        mask = (tokens.codes[:, 0] >= 0).repeat_interleave(self.config.coarse, dim=1)
        return Vectors(self.module.quantizer.vectors(levels).transpose(1, 2), mask)

    def _latents(self, batch: Tensor, lengths: Tensor) -> Tensor:
        padded = whole_frames(batch, self.config.hop * self.config.block)
        with ragged(self._frames(lengths) * self.config.hop, padded.shape[-1]):
            return self.module.encoder(padded.to(self.dtype))

    def _frames(self, lengths: Tensor) -> Tensor:
        """Latent frames [item] of sounds, in whole blocks."""
        block = self.config.block
        return frames_of(lengths, self.config.hop * block) * block

    def _levels(self, codes: Tensor) -> Sequence[Tensor]:
        """Codes [item, slot, position] -> ids [item, n * position] of each level there."""
        counts, found, start = self.config.ids_per_level, [], 0
        for count in counts:
            if start < codes.shape[1]:
                found.append(rearrange(codes[:, start : start + count], "b n t -> b (t n)"))
            start += count
        return found
