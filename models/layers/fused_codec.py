"""X-codec and Higgs audio: acoustic and semantic features of one sound, fused before one RVQ.

Source: Ye et al. 2024, arXiv 2408.17175, and Boson AI's Higgs audio v2, as transformers'
XcodecModel and HiggsAudioV2TokenizerModel compute them. The networks are theirs.
"""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.audio_tokenizer import row_mask

from .ragged import cut, ragged, respect_lengths
from .speech_encoder import HOP, SpeechEncoder, hidden_states, settle

if TYPE_CHECKING:
    from transformers import HiggsAudioV2TokenizerModel, XcodecModel


@dataclass(frozen=True)
class Acoustic:
    """The numbers of the DAC on both ends."""

    width: int
    strides: tuple[int, ...]  # of encoder and decoder, in this order in both
    decoder_width: int
    latents: int


@dataclass(frozen=True)
class FusedConfig:
    """Everything that shapes the networks and their arithmetic."""

    acoustic: Acoustic
    semantic: SpeechEncoder
    rate: int  # Hz of the sound
    semantic_rate: int  # Hz that the speech encoder hears
    codebooks: int
    codebook_size: int

    @property
    def hop(self) -> int:
        """Samples per position."""
        return prod(self.acoustic.strides)

    @property
    def every(self) -> int:
        """Of the speech encoder's frames one in so many is taken."""
        return self.hop * self.semantic_rate // (self.rate * HOP)


def acoustic_config(config: Acoustic) -> Any:
    """The configuration of transformers' DAC."""
    from transformers import DacConfig

    kind: Any = DacConfig  # two of these are no fields: without them it derives other values
    return kind(
        encoder_hidden_size=config.width,
        downsampling_ratios=list(config.strides),
        upsampling_ratios=list(config.strides),
        decoder_hidden_size=config.decoder_width,
        hidden_size=config.latents,
    )


class FusedParts(nn.Module):
    """The parts that encode and decode, under the names that the published files have."""

    def __init__(
        self, model: "XcodecModel | HiggsAudioV2TokenizerModel", config: FusedConfig
    ) -> None:
        super().__init__()
        self.config = config
        self.acoustic_encoder = model.acoustic_encoder
        self.acoustic_decoder = model.acoustic_decoder
        self.encoder_semantic = model.encoder_semantic
        self.semantic_model: Any = model.semantic_model
        self.fc = model.fc
        self.fc2 = model.fc2
        self.quantizer = model.quantizer
        settle(self.semantic_model)
        for network in (self.acoustic_encoder, self.acoustic_decoder, self.encoder_semantic):
            respect_lengths(network)
        for level in self.levels:
            for statistic in ("inited", "cluster_size", "embed_avg"):
                delattr(level.codebook, statistic)
            nn.init.normal_(level.codebook.embed)  # theirs are zero: all ids alike
        for name, layer in self.named_modules():  # theirs are small: few ids would come up
            if isinstance(layer, nn.Linear) and not name.startswith("semantic_model"):
                nn.init.xavier_normal_(layer.weight)

    @property
    def levels(self) -> list[Any]:
        """One quantiser per codebook."""
        return list(self.quantizer.quantizers)

    def latents(self, sound: Tensor, lengths: Tensor) -> Tensor:
        """[item, 1, samples], whole positions of ``lengths`` [item] -> [item, width, position]."""
        positions = lengths // self.config.hop
        with ragged(positions, sound.shape[-1] // self.config.hop):
            semantic = self.encoder_semantic(self._semantic(sound, lengths))
        with ragged(lengths, sound.shape[-1]):
            acoustic = self.acoustic_encoder(sound)
        both = torch.cat([acoustic, semantic], dim=1)
        return self.fc(both.transpose(1, 2)).transpose(1, 2)

    def ids(self, latents: Tensor, count: int | None) -> Tensor:
        """[item, width, position] -> ids [item, slot, position] of the first codebooks."""
        found = []
        for level in self.levels[:count]:
            found.append(level.encode(latents))
            latents = latents - level.decode(found[-1])
        return torch.stack(found, dim=1)

    def vectors(self, codes: Tensor) -> Tensor:
        """[item, slot, position], -1 for none -> their sum [item, width, position]."""
        total = torch.zeros((), device=codes.device)
        for level, ids in zip(self.levels, codes.unbind(1), strict=False):
            total = total + level.decode(ids.clamp(min=0)) * (ids >= 0)[:, None]
        return total

    def sound(self, vectors: Tensor, lengths: Tensor) -> list[Tensor]:
        """[item, width, position] of ``lengths`` [item] positions -> per item [1, samples]."""
        with ragged(lengths, vectors.shape[-1]):
            return cut(self.acoustic_decoder(self.fc2(vectors.transpose(1, 2)).transpose(1, 2)))

    def _semantic(self, sound: Tensor, lengths: Tensor) -> Tensor:
        """The mean of all hidden states [item, width, position]."""
        config, heard = self.config, sound[:, 0]
        if config.rate != config.semantic_rate:
            from torchaudio.functional import resample

            heard = resample(heard, config.rate, config.semantic_rate)
            lengths = lengths * config.semantic_rate // config.rate
            heard = heard * row_mask(lengths, heard.shape[-1])  # the filter rings behind an end
        uneven = bool((lengths != heard.shape[-1]).any())
        heard = pad(heard, (HOP // 2, HOP // 2))
        states = hidden_states(self.semantic_model, heard, lengths + HOP if uneven else None)
        return torch.stack(states, dim=1).mean(1)[:, :: config.every].transpose(1, 2)
