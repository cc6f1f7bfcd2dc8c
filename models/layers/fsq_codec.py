"""X-codec 2 and NeuCodec: acoustic and semantic features of speech, fused into one grid of ids.

Source: Ye et al. 2025, arXiv 2502.04128, and Julian et al. 2025, arXiv 2509.09550, as transformers'
Xcodec2Model and NeuCodecModel compute them. The networks are theirs.
"""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from zoo.audio_tokenizer import row_mask
from zoo.weights import KeyTable, Rule

from .ragged import ragged, respect_lengths
from .ragged_edges import RaggedGroupNorm, respect_ends

if TYPE_CHECKING:
    from transformers import NeuCodecModel, Xcodec2Model

BINS = 80  # of the spectrum that w2v-BERT reads, two frames of 10 ms at a time

TRANSFORMERS: KeyTable = (
    Rule("semantic_encoder.masked_spec_embed", None, "stands for masked features: training only"),
    Rule("{name*}", "{name*}"),
)


@dataclass(frozen=True)
class Transformer:
    """Size of the speech encoder, or of the transformer in the decoder."""

    width: int
    depth: int
    heads: int
    hidden: int  # of the MLP


@dataclass(frozen=True)
class FsqCodecConfig:
    """Everything that shapes the networks and their arithmetic."""

    encoder_width: int
    strides: tuple[int, ...]
    semantic: Transformer
    decoder: Transformer
    levels: tuple[int, ...]  # per dimension of the grid

    @property
    def hop(self) -> int:
        """Samples per position, of what is encoded."""
        return prod(self.strides)

    def theirs(self) -> dict[str, Any]:
        """As arguments of transformers' configurations."""
        from transformers import Wav2Vec2BertConfig

        semantic, decoder = self.semantic, self.decoder
        return {
            "encoder_hidden_size": self.encoder_width,
            "downsampling_ratios": list(self.strides),
            "semantic_model_config": Wav2Vec2BertConfig(
                hidden_size=semantic.width,
                num_hidden_layers=semantic.depth,
                num_attention_heads=semantic.heads,
                intermediate_size=semantic.hidden,
                mask_time_prob=0.0,  # masking is for training
                mask_feature_prob=0.0,
            ),
            "hidden_size": decoder.width,
            "num_hidden_layers": decoder.depth,
            "num_attention_heads": decoder.heads,
            "num_key_value_heads": decoder.heads,
            "head_dim": decoder.width // decoder.heads,
            "intermediate_size": decoder.hidden,
            "quantization_dim": decoder.width + semantic.width,
            "quantization_levels": list(self.levels),
        }


class FsqCodecParts(nn.Module):
    """The parts, under the names that the published files have."""

    def __init__(self, model: "Xcodec2Model | NeuCodecModel") -> None:
        super().__init__()
        self.semantic_encoder: Any = model.semantic_encoder
        self.semantic_adapter = model.semantic_adapter
        self.acoustic_encoder = model.acoustic_encoder
        self.fc_encoder = model.fc_encoder
        self.quantizer: Any = model.quantizer
        self.acoustic_decoder: Any = model.acoustic_decoder
        for network in (self.semantic_adapter, self.acoustic_encoder, self.acoustic_decoder):
            respect_lengths(network)
        for layer in self.modules():
            if type(layer).__name__.endswith("AntiAliasedActivation1d"):
                respect_ends(layer)
            for name, norm in list(layer.named_children()):
                if isinstance(norm, nn.GroupNorm):
                    setattr(layer, name, RaggedGroupNorm.like(norm))
        with torch.device("cpu"):
            self._make_constants()
        for layer in (self.fc_encoder, self.quantizer.project_in, self.quantizer.project_out):
            nn.init.normal_(layer.weight)  # theirs are so small that one id only would come up

    def latents(self, sound: Tensor, lengths: Tensor, spectra: list[Tensor]) -> Tensor:
        """What is quantised [item, position, width].

        Args:
            sound: [item, 1, samples]; whole positions of ``lengths`` [item] samples.
            lengths: see there.
            spectra: per item what :func:`spectrum` says, [position, 2 * bins].
        """
        positions = torch.tensor([len(one) for one in spectra], device=sound.device)
        most = int(positions.max())
        uneven = bool((positions != most).any())
        mask = row_mask(positions, most) if uneven else None
        features = pad_sequence(spectra, batch_first=True).to(sound.dtype)
        heard = self.semantic_encoder(features, attention_mask=mask).last_hidden_state
        with ragged(positions, most):
            semantic = self.semantic_adapter(heard.transpose(1, 2))
        with ragged(lengths, sound.shape[-1]):
            acoustic = self.acoustic_encoder(sound)
        both = torch.cat([semantic, acoustic[..., :most]], dim=1)
        return self.fc_encoder(both.transpose(1, 2))

    def ids(self, latents: Tensor) -> Tensor:
        """[item, position, width] -> ids [item, 1, position]."""
        return self.quantizer(latents)[1].transpose(1, 2).long()

    def vectors(self, ids: Tensor) -> Tensor:
        """ids [item, 1, position] -> [item, position, width]."""
        return self.quantizer.from_codes(ids.transpose(1, 2))

    def sound(self, vectors: Tensor, lengths: Tensor) -> list[Tensor]:
        """[item, position, width] of ``lengths`` [item] positions -> per item [1, samples]."""
        decoder, time = self.acoustic_decoder, vectors.shape[1]
        uneven = bool((lengths != time).any())
        keys = row_mask(lengths, time)[:, None, None] if uneven else None
        with ragged(lengths, time):
            x = decoder.embed(decoder.fc(vectors).transpose(1, 2)).transpose(1, 2)
            for block in decoder.prior_net:
                x = block(x)
            # As theirs: what turns queries and keys depends on the head, not on the position.
            heads = torch.arange(decoder.num_attention_heads, device=x.device)[None]
            turns = decoder.rotary_emb(x, heads)
            for layer in decoder.layers:
                x = layer(x, attention_mask=keys, position_embeddings=turns)
            for block in decoder.post_net:
                x = block(x)
        x = decoder.norm(x)
        ends = lengths.tolist()
        return [decoder.head(x[i : i + 1, :end])[0] for i, end in enumerate(ends)]

    def _make_constants(self) -> None:
        """What no state dict has, and the meta device would lose."""
        from transformers.models.xcodec2.modeling_xcodec2 import kaiser_sinc_filter1d

        for layer in self.modules():
            made: Any = layer
            kind = type(layer).__name__
            if kind.endswith("UpSample1d"):
                ratio = made.ratio
                made.filter = kaiser_sinc_filter1d(0.5 / ratio, 0.6 / ratio, made.kernel_size)
            elif kind.endswith("DownSample1d"):
                made.filter = kaiser_sinc_filter1d(made.cutoff, made.half_width, made.kernel_size)
        grid, decoder = self.quantizer.quantizer, self.acoustic_decoder
        grid.levels, grid.basis, grid.codebook = grid._compute_buffers(device="cpu")
        decoder.head.window = torch.hann_window(decoder.head.n_fft)
        decoder.rotary_emb = type(decoder.rotary_emb)(config=decoder.rotary_emb.config)


def spectrum(sound: Tensor, rate: int) -> Tensor:
    """[samples] in -1..1 -> [position, 2 * bins]: Kaldi's log mel, each bin normalised over time.

    Source: transformers' Xcodec2FeatureExtractor; two frames of 10 ms side by side.
    """
    from torchaudio.compliance.kaldi import fbank

    found = fbank(
        sound.float()[None] * 2**15,
        num_mel_bins=BINS,
        frame_length=25.0,
        frame_shift=10.0,
        sample_frequency=rate,
        window_type="povey",
        low_freq=20,
        high_freq=rate // 2,
        dither=0.0,
    )
    found = (found - found.mean(0)) / torch.sqrt(found.var(0, unbiased=True) + 1e-7)
    return found[: len(found) // 2 * 2].unflatten(0, (-1, 2)).flatten(1)


def half_a_hop(sound: Tensor, hop: int) -> Tensor:
    """With half a hop of zeros on either side."""
    return pad(sound, (hop // 2, hop // 2))
