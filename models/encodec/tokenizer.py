"""EnCodec as a tokenizer."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from zoo.audio_tokenizer import row_mask
from zoo.engine.noise import Noise
from zoo.engine.stepping import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens.padding import stack_ragged

from ..layers.residual_codec import ResidualCodec
from ..layers.residual_tokenizer import ResidualTokenizer
from .config import EncodecConfig
from .keys import FORMATS
from .model import build_model
from .segmented import decode_segments, encode_segments
from .segments import pieces_of, positions_of


class Encodec(ResidualTokenizer):
    """One slot per codebook; the first k codebooks decode alone.

    At 48 kHz each second is encoded apart, and its loudness is the extra ``scale``.
    Source: Défossez et al. 2022, arXiv 2210.13438; ids equal those of facebookresearch/encodec.
    """

    config_type = EncodecConfig
    formats = FORMATS

    config: EncodecConfig
    module: ResidualCodec

    @classmethod
    def build(cls, config: EncodecConfig) -> ResidualCodec:
        """Construct encoder, quantisers and decoder."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        if self.config.segments is None:
            return super()._encode(batch, lengths=lengths, prefix=prefix, noise=noise)
        codes, scales = self._segments(partial(self._ids, prefix=prefix), batch, lengths)
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
        if self.config.segments is None:
            return self._sounds(self._heard(codes), lengths)

        def sound(ids: Tensor) -> Tensor:
            return self.module.decoder(self._heard(ids))

        return decode_segments(sound, codes, extras["scale"], lengths, self.config)

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step | None:
        if self.config.segments is not None:
            return None
        return super()._encode_steps(prefix=prefix, noise=noise)

    def _decode_steps(self, *, noise: Noise) -> Step | None:
        return None if self.config.segments is not None else super()._decode_steps(noise=noise)

    def _count(self, prepared: Tensor) -> int:
        """The positions of all segments, which overlap."""
        samples, segments, hop = prepared.shape[-1], self.config.segments, self.config.hop
        pieces = [slice(0, samples)] if segments is None else pieces_of(samples, segments, hop)
        return sum(positions_of(piece, hop) for piece in pieces)

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        if self.config.segments is None:
            return super()._features(batch, kind, lengths=lengths)
        pieces, _ = self._segments(lambda latents: latents, batch, lengths)
        found = stack_ragged(pieces, 0.0)
        counts = torch.tensor([one.shape[-1] for one in pieces], device=batch.device)
        mask = row_mask(counts, found.shape[-1])
        return Vectors(found.transpose(1, 2) * mask[..., None], mask)

    def _segments(
        self, ids: Callable[[Tensor], Tensor], batch: Tensor, lengths: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What ``ids`` makes of the latents of each item, and the loudness of its segments."""
        sounds = batch.to(self.dtype)
        return encode_segments(self.module.encoder, ids, sounds, lengths, self.config)
