"""BigCodec as a tokenizer: one id per position."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.engine.stepping import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import uneven
from ..layers.residual_codec import ResidualCodec
from ..layers.residual_tokenizer import ResidualTokenizer
from .config import BigCodecConfig
from .keys import FORMATS
from .model import build_model


class BigCodec(ResidualTokenizer):
    """One codebook, and so no prefixes.

    Long sounds go through in pieces, with the state of the LSTM carried on.
    Source: Xin et al. 2024, arXiv 2409.05377; ids equal those of Aria-K-Alethia/BigCodec.
    """

    config_type = BigCodecConfig
    formats = FORMATS
    vector_kinds = ("latents", "codes")
    piece_seconds = 5.0  # wide networks: pieces of 20 s take up to 1.6 times the memory

    config: BigCodecConfig
    module: ResidualCodec

    @classmethod
    def build(cls, config: BigCodecConfig) -> ResidualCodec:
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
        latents, positions = self._latents(batch, lengths, extra_frame)
        return Encoded(self._ids(latents, prefix), positions)

    def _encode_steps(
        self, *, prefix: int | None, noise: Noise, extra_frame: bool = True
    ) -> Step | None:
        onward = super()._encode_steps(prefix=prefix, noise=noise)
        assert onward is not None
        heard = 0

        def step(sound: Tensor, last: bool) -> Tensor:
            nonlocal heard
            heard += sound.shape[-1]
            if last:
                whole = int(self._frames(torch.tensor(heard), extra_frame)) * self.config.hop
                sound = pad(sound, (0, whole - heard))
            return onward(sound, last)

        return step

    def _count(self, prepared: Tensor) -> int:
        """With the extra frame, where that is the card's default."""
        return int(self._frames(torch.tensor(prepared.shape[1])))

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        """What the decoder takes, or the codebook's rows."""
        if kind == "latents":
            return super()._vectors(tokens, kind)
        mask = tokens.codes[:, 0] >= 0
        rows = self.codebook()[tokens.codes[:, 0].clamp(min=0)]
        return Vectors(rows * mask[..., None], mask)

    def _latents(
        self, batch: Tensor, lengths: Tensor, extra: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Latents [item, width, frame] of sounds filled up to whole frames, and how many."""
        frames = self._frames(lengths, extra)
        ends = frames * self.config.hop
        whole = pad(batch, (0, int(ends.max()) - batch.shape[-1])).to(self.dtype)
        return self.module.encoder(whole, uneven(ends, whole)), frames

    def _frames(self, samples: Tensor, extra: bool | None = None) -> Tensor:
        """Frames of so many samples; None: as the card's default says."""
        if extra is None:
            extra = bool(self._encode_options["extra_frame"].default)
        return samples // self.config.hop + 1 if extra else -(-samples // self.config.hop)
