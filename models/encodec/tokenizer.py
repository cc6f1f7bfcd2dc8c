"""EnCodec as a tokenizer, through transformers' EncodecModel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer
from zoo.engine.noise import Noise
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .config import EncodecConfig
from .keys import FORMATS
from .model import build_model, levels, quantized
from .segments import apart, cut, loudness, overlap_add

if TYPE_CHECKING:
    from transformers import EncodecModel


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

    config: EncodecConfig
    module: "EncodecModel"

    @classmethod
    def build(cls, config: EncodecConfig) -> "EncodecModel":
        """Construct encoder, quantisers and decoder."""
        return build_model(config)

    def _encode(self, batch: Tensor, *, prefix: int | None, noise: Noise) -> Encoded:
        latents, scales = self._latents(batch)
        codes = torch.stack(quantized(self.module, latents, prefix), dim=1)
        return Encoded(codes, extras={} if scales is None else {"scale": scales})

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> Tensor:
        segments, decoder = self.config.segments, self.module.decoder
        latents = self.module.quantizer.decode(codes.transpose(0, 1))
        if segments is None:
            return decoder(latents)
        pieces = [
            (apart(decoder, piece) if piece.shape[-1] == 1 else decoder(piece))
            * scale[:, None, None]
            for piece, scale in zip(
                latents.split(-(-segments.length // self.config.hop), dim=-1),
                extras["scale"].to(latents.dtype).unbind(1),
                strict=True,
            )
        ]
        return overlap_add(pieces, segments.advance)

    def _count(self, prepared: Tensor) -> int:
        """The positions of all segments, which overlap."""
        pieces = cut(prepared[None], self.config.segments, self.config.hop)
        return sum(-(-piece.shape[-1] // self.config.hop) for piece in pieces)

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook."""
        return levels(self.module)[slot].codebook.embed

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        found = self._latents(batch)[0].transpose(1, 2)
        return Vectors(found, torch.ones(found.shape[:2], dtype=torch.bool, device=found.device))

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        parts = [
            self.codebook(slot)[ids.clamp(min=0)] * (ids >= 0)[..., None]
            for slot, ids in enumerate(tokens.codes.unbind(1))
        ]
        return Vectors(torch.stack(parts).sum(0), tokens.codes[:, 0] >= 0)

    def _latents(self, batch: Tensor) -> tuple[Tensor, Tensor | None]:
        """Latents [item, width, position]; with segments their loudness too [item, segment]."""
        pieces = cut(batch.to(self.dtype), self.config.segments, self.config.hop)
        encoder, hop = self.module.encoder, self.config.hop
        if self.config.segments is None:
            return encoder(pieces[0]), None
        scales = [loudness(piece) for piece in pieces]
        latents = []
        for piece, scale in zip(pieces, scales, strict=True):
            even = piece / scale[:, None, None]
            latents.append(apart(encoder, even) if piece.shape[-1] <= hop else encoder(even))
        return torch.cat(latents, dim=-1), torch.stack(scales, dim=1).float()
