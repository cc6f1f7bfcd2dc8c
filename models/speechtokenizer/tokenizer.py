"""SpeechTokenizer as a tokenizer: one slot per codebook, the first one semantic."""

from collections.abc import Mapping
from typing import Annotated

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer
from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.errors import NotSupportedError
from zoo.streaming import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.over_time import Memory, beyond, uneven
from .config import SpeechTokenizerConfig
from .keys import FORMATS
from .model import SpeechTokenizerModel, build_model


class SpeechTokenizer(AudioTokenizer):
    """The first codebook says what, the others how; the first k codebooks decode alone.

    Encoding needs the whole sound: an LSTM also reads it from the end.
    Source: Zhang et al. 2023, arXiv 2308.16692; ids equal those of ZhangXInFD/SpeechTokenizer.
    """

    config_type = SpeechTokenizerConfig
    formats = FORMATS
    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents", "semantic")
    ragged = True
    mixed_lengths = True

    config: SpeechTokenizerConfig
    module: SpeechTokenizerModel

    @classmethod
    def build(cls, config: SpeechTokenizerConfig) -> SpeechTokenizerModel:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, frames = self._latents(batch, lengths)
        codes = torch.stack(self.module.quantizer.ids(latents, prefix), dim=1)
        return Encoded(codes.masked_fill_(beyond(codes, frames), -1), frames)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        skip: Annotated[
            int, Option("leave out what the first codebooks say: 1, all but the meaning", low=0)
        ] = 0,
    ) -> list[Tensor]:
        latents = self._heard(codes, skip)
        sound = self.module.decoder(latents, uneven(lengths, latents))
        ends = (lengths * self.config.net.hop).tolist()
        return [item[:, :end] for item, end in zip(sound, ends, strict=True)]

    def _decode_steps(self, *, noise: Noise, skip: int) -> Step:
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            return self.module.decoder.step(self._heard(codes, skip), memory, last)

        return step

    def _heard(self, codes: Tensor, skip: int) -> Tensor:
        """Latents [item, width, frame] of all codebooks but the first ``skip``."""
        if skip >= codes.shape[1]:
            raise NotSupportedError(
                f"decode: skip={skip} leaves nothing of tokens with {codes.shape[1]} codebooks"
            )
        heard = codes.clone()
        heard[:, :skip] = -1  # which adds nothing
        return self.module.quantizer.vectors(heard.unbind(1))

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found, frames = self._latents(batch, lengths)
        tail = beyond(found, frames)
        return Vectors(found.masked_fill(tail, 0).transpose(1, 2), ~tail[:, 0])

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        """Of all codebooks there, or what the first one says in HuBERT's space."""
        ids = tokens.codes.unbind(1)
        mask = tokens.codes[:, 0] >= 0
        if kind == "latents":
            return Vectors(self.module.quantizer.vectors(ids).transpose(1, 2), mask)
        rows = self.module.quantizer.vectors(ids[:1]).transpose(1, 2)
        return Vectors(self.module.transform(rows) * mask[..., None], mask)

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, width, frame], and how many frames each item has."""
        found = self.module.encoder(batch.to(self.dtype), uneven(lengths, batch))
        return found, -(-lengths // self.config.net.hop)
