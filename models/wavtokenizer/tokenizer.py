"""WavTokenizer as a tokenizer: one id per position."""

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.streaming import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import Memory, beyond, uneven
from .config import WavTokenizerConfig
from .decoder import BANDWIDTHS
from .keys import FORMATS
from .model import WavTokenizerModel, build_model


class WavTokenizer(AudioTokenizer):
    """One codebook, and so no prefixes. Decoding needs the whole clip: all frames see all.

    Source: Ji et al. 2024, arXiv 2408.16532; ids equal those of jishengpeng/WavTokenizer.
    """

    config_type = WavTokenizerConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder", "head")
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    config: WavTokenizerConfig
    module: WavTokenizerModel

    @classmethod
    def build(cls, config: WavTokenizerConfig) -> WavTokenizerModel:
        """Construct encoder, codebook, decoder and head."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, frames = self._latents(batch, lengths)
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
        bandwidth: Annotated[
            int,
            Option(
                "row of the decoder's norms; the authors always take 0", low=0, high=BANDWIDTHS - 1
            ),
        ] = 0,
    ) -> list[Tensor]:
        codewords = self.module.quantizer.vectors(codes.unbind(1))
        ends = uneven(lengths, codewords)
        sound = self.module.head(self.module.decoder(codewords, bandwidth, ends), ends)
        samples = (lengths * self.config.hop).tolist()
        return [item[:, :end] for item, end in zip(sound, samples, strict=True)]

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step:
        memory: Memory = {}

        def step(sound: Tensor, last: bool) -> Tensor:
            latents = self.module.encoder.step(sound.to(self.dtype), memory, last)
            return torch.stack(self.module.quantizer.ids(latents), dim=1)

        return step

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim]."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found, frames = self._latents(batch, lengths)
        tail = beyond(found, frames)
        return Vectors(found.masked_fill(tail, 0).transpose(1, 2), ~tail[:, 0])

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        ids = tokens.codes.unbind(1)
        return Vectors(self.module.quantizer.vectors(ids).transpose(1, 2), ids[0] >= 0)

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, width, frame], and how many frames each item has."""
        found = self.module.encoder(batch.to(self.dtype), uneven(lengths, batch))
        return found, -(-lengths // self.config.hop)
