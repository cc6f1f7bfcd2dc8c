"""DAC as a tokenizer, through transformers' DacModel."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask, whole_frames
from zoo.engine.noise import Noise
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.ragged import cut, ragged
from ..layers.reach import in_pieces, reach
from .config import DacConfig
from .keys import FORMATS
from .model import build_model

if TYPE_CHECKING:
    from transformers import DacModel


class Dac(AudioTokenizer):
    """One slot per codebook; the first k codebooks decode alone.

    Source: Kumar et al. 2023, arXiv 2306.06546; ids equal those of descript-audio-codec.
    """

    config_type = DacConfig
    ragged = True
    mixed_lengths = True
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents", "codes")

    config: DacConfig
    module: "DacModel"

    @classmethod
    def build(cls, config: DacConfig) -> "DacModel":
        """Construct encoder, quantisers and decoder."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        codes = self.module.quantizer(self._latents(batch, lengths), prefix)[1]
        return Encoded(codes, frames_of(lengths, self.config.hop))

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        latents = cast(Tensor, self.module.quantizer.from_codes(codes.clamp(min=0))[0])
        with ragged(lengths, latents.shape[-1]):
            return cut(self.module.decoder(latents))

    def _encode_pieces(
        self, batch: Tensor, *, prefix: int | None, noise: Noise
    ) -> Iterator[Tensor]:
        def ids(sound: Tensor, start: int) -> Tensor:
            latents = self.module.encoder(sound.to(self.device, self.dtype))
            return self.module.quantizer(latents, prefix)[1]

        hop = self.config.hop
        far = reach(self.module.encoder.modules(), hop, 1)
        return in_pieces(ids, whole_frames(batch, hop), far, self.piece(self.sample_rate or 1))

    def _decode_pieces(self, codes: Tensor, *, noise: Noise) -> Iterator[Tensor]:
        def sound(ids: Tensor, start: int) -> Tensor:
            return self.module.decoder(self.module.quantizer.from_codes(ids.to(self.device))[0])

        far = reach(self.module.decoder.modules(), 1, self.config.hop)
        return in_pieces(sound, codes, far, self.piece(self.token_rate or 1))

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook, before its projection."""
        return self._quantizers[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found = self._latents(batch, lengths).transpose(1, 2)
        mask = row_mask(frames_of(lengths, self.config.hop), found.shape[1])
        return Vectors(found * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        quantizers, parts = self._quantizers, []
        missing = int(tokens.codes.shape[2] == 0)  # a convolution takes no rows of no length
        for slot in range(tokens.codes.shape[1]):
            ids = pad(tokens.codes[:, slot], (0, missing), value=-1)
            rows = quantizers[slot].codebook(ids.clamp(min=0)).transpose(1, 2)
            found = rows if kind == "codes" else quantizers[slot].out_proj(rows)
            parts.append(found * (ids >= 0)[:, None])
        whole = torch.cat(parts, 1) if kind == "codes" else torch.stack(parts).sum(0)
        return Vectors(whole.transpose(1, 2)[:, missing:], tokens.codes[:, 0] >= 0)

    @property
    def _quantizers(self) -> Any:
        return self.module.quantizer.quantizers  # a ModuleList, which knows no kind of its modules

    def _latents(self, batch: Tensor, lengths: Tensor) -> Tensor:
        padded = whole_frames(batch, self.config.hop).to(self.dtype)
        with ragged(frames_of(lengths, self.config.hop) * self.config.hop, padded.shape[-1]):
            return self.module.encoder(padded)
