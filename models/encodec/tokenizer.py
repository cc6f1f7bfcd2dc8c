"""EnCodec as a tokenizer."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask
from zoo.engine.noise import Noise
from zoo.streaming import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens
from zoo.tokens.padding import stack_ragged

from ..layers.over_time import Memory, uneven
from .config import EncodecConfig
from .keys import FORMATS
from .model import EncodecModel, build_model
from .segmented import decode_segments, encode_segments
from .segments import pieces_of, positions_of


class Encodec(AudioTokenizer):
    """One slot per codebook; the first k codebooks decode alone.

    At 48 kHz each second is encoded apart, and its loudness is the extra ``scale``.
    Source: Défossez et al. 2022, arXiv 2210.13438; ids equal those of facebookresearch/encodec.
    """

    config_type = EncodecConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    config: EncodecConfig
    module: EncodecModel

    @classmethod
    def build(cls, config: EncodecConfig) -> EncodecModel:
        """Construct encoder, quantisers and decoder."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        sounds, ids = batch.to(self.dtype), partial(self._ids, prefix=prefix)
        if self.config.segments is None:
            found = ids(self.module.encoder(sounds, uneven(lengths, sounds)))
            return Encoded(found, frames_of(lengths, self.config.hop))
        codes, scales = encode_segments(self.module.encoder, ids, sounds, lengths, self.config)
        counts = torch.tensor([one.shape[-1] for one in codes], device=batch.device)
        return Encoded(stack_ragged(codes, -1), counts, extras={"scale": stack_ragged(scales, 1)})

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        if self.config.segments is not None:
            return decode_segments(self._sound, codes, extras["scale"], lengths, self.config)
        sound, samples = self._sound(codes, uneven(lengths, codes)), lengths * self.config.hop
        return [item[:, :end] for item, end in zip(sound, samples.tolist(), strict=True)]

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step | None:
        if self.config.segments is not None:
            return None
        memory: Memory = {}

        def step(sound: Tensor, last: bool) -> Tensor:
            return self._ids(self.module.encoder.step(sound.to(self.dtype), memory, last), prefix)

        return step

    def _decode_steps(self, *, noise: Noise) -> Step | None:
        if self.config.segments is not None:
            return None
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            latents = self.module.quantizer.vectors(codes.unbind(1))
            return self.module.decoder.step(latents, memory, last)

        return step

    def _ids(self, latents: Tensor, prefix: int | None) -> Tensor:
        """Latents [item, width, position] -> ids [item, slot, position]."""
        return torch.stack(self.module.quantizer.ids(latents, prefix), dim=1)

    def _sound(self, codes: Tensor, ends: Tensor | None = None) -> Tensor:
        """Ids [item, slot, position] -> [item, channels, samples]."""
        return self.module.decoder(self.module.quantizer.vectors(codes.unbind(1)), ends)

    def _count(self, prepared: Tensor) -> int:
        """The positions of all segments, which overlap."""
        samples, segments, hop = prepared.shape[-1], self.config.segments, self.config.hop
        pieces = [slice(0, samples)] if segments is None else pieces_of(samples, segments, hop)
        return sum(positions_of(piece, hop) for piece in pieces)

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        sounds, encoder = batch.to(self.dtype), self.module.encoder
        if self.config.segments is None:
            found, counts = encoder(sounds, uneven(lengths, sounds)), lengths
            mask = row_mask(frames_of(counts, self.config.hop), found.shape[-1])
        else:
            pieces, _ = encode_segments(
                encoder, lambda latents: latents, sounds, lengths, self.config
            )
            found = stack_ragged(pieces, 0.0)
            counts = torch.tensor([one.shape[-1] for one in pieces], device=batch.device)
            mask = row_mask(counts, found.shape[-1])
        return Vectors(found.transpose(1, 2) * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        found = self.module.quantizer.vectors(tokens.codes.unbind(1))
        return Vectors(found.transpose(1, 2), tokens.codes[:, 0] >= 0)
