"""BigCodec as a tokenizer: one id per position."""

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.audio_tokenizer import AudioTokenizer
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import beyond, uneven
from .config import BigCodecConfig
from .keys import FORMATS
from .model import BigCodecModel, build_model


class BigCodec(AudioTokenizer):
    """One codebook, and so no prefixes.

    Source: Xin et al. 2024, arXiv 2409.05377; ids equal those of Aria-K-Alethia/BigCodec.
    """

    config_type = BigCodecConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents", "codes")
    ragged = True
    mixed_lengths = True

    config: BigCodecConfig
    module: BigCodecModel

    @classmethod
    def build(cls, config: BigCodecConfig) -> BigCodecModel:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)

    def _encode(
        self,
        batch: Tensor,
        *,
        lengths: Tensor,
        prefix: int | None,
        noise: Noise,
        extra_frame: Annotated[
            bool, Option("one more frame, of zeros, behind a sound of whole frames: as upstream")
        ] = True,
    ) -> Encoded:
        latents, frames = self._latents(batch, self._frames(lengths, extra_frame))
        codes = torch.stack(self.module.quantizer.ids(latents), dim=1)
        return Encoded(codes.masked_fill_(beyond(codes, frames), -1), frames)

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
        sound = self.module.decoder(latents, uneven(lengths, latents))
        ends = (lengths * self.config.hop).tolist()
        return [item[:, :end] for item, end in zip(sound, ends, strict=True)]

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim], before its projection."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _count(self, prepared: Tensor) -> int:
        """With the extra frame, where that is the card's default."""
        extra = bool(self._encode_options["extra_frame"].default)
        return int(self._frames(torch.tensor(prepared.shape[1]), extra))

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        extra = bool(self._encode_options["extra_frame"].default)
        found, frames = self._latents(batch, self._frames(lengths, extra))
        tail = beyond(found, frames)
        return Vectors(found.masked_fill(tail, 0).transpose(1, 2), ~tail[:, 0])

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        """What the decoder takes, or the codebook's rows."""
        mask = tokens.codes[:, 0] >= 0
        if kind == "codes":
            rows = self.codebook()[tokens.codes[:, 0].clamp(min=0)]
            return Vectors(rows * mask[..., None], mask)
        found = self.module.quantizer.vectors(tokens.codes.unbind(1))
        return Vectors(found.transpose(1, 2), mask)

    def _frames(self, samples: Tensor, extra: bool) -> Tensor:
        """Frames of so many samples."""
        return samples // self.config.hop + 1 if extra else -(-samples // self.config.hop)

    def _latents(self, batch: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, width, frame] of sounds filled up to ``frames`` each, and these."""
        ends = frames * self.config.hop
        whole = pad(batch, (0, int(ends.max()) - batch.shape[-1])).to(self.dtype)
        return self.module.encoder(whole, uneven(ends, whole)), frames
