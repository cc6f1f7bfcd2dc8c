"""Construction: the parts of transformers' MimiModel from our configuration."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..layers.padded_conv import settle_padding
from .config import MimiConfig

if TYPE_CHECKING:
    from transformers.models.mimi.modeling_mimi import MimiSplitResidualVectorQuantizer


class MimiParts(nn.Module):
    """The parts one after another, under the names that the published file has."""

    quantizer: "MimiSplitResidualVectorQuantizer"

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.encoder = model.encoder.encoder_seanet
        self.encoder_transformer = model.encoder.encoder_transformer
        self.downsample = model.encoder.downsample
        self.quantizer = model.quantizer
        self.upsample = model.decoder.upsample
        self.decoder_transformer = model.decoder.decoder_transformer
        self.decoder = model.decoder.decoder_seanet

    def latents(self, sound: Tensor) -> Tensor:
        """[item, 1, samples], whole positions -> [item, width, position]."""
        return self.downsample(_mixed(self.encoder_transformer, self.encoder(sound)))

    def sound(self, latents: Tensor) -> Tensor:
        """[item, width, position] -> [item, 1, samples]."""
        return self.decoder(_mixed(self.decoder_transformer, self.upsample(latents)))

    def codebooks(self) -> list[Any]:
        """The codebooks, the semantic one first."""
        first: Any = self.quantizer.semantic_residual_vector_quantizer.layers
        rest: Any = self.quantizer.acoustic_residual_vector_quantizer.layers
        return [level.codebook for level in (*first, *rest)]


def _mixed(transformer: nn.Module, x: Tensor) -> Tensor:
    """[item, width, time], shape kept."""
    return transformer(x.transpose(1, 2)).last_hidden_state.transpose(1, 2)


def build_model(config: MimiConfig) -> MimiParts:
    """Build the parts, randomly initialised (or on the meta device, under its context)."""
    from transformers import MimiConfig as Theirs
    from transformers import MimiModel
    from transformers.models.mimi.modeling_mimi import MimiConv1d, MimiRotaryEmbedding

    theirs = Theirs(
        sampling_rate=config.frame // 2,  # one step a second: everything about time is ours
        num_filters=config.filters,
        upsampling_ratios=list(config.strides),
        hidden_size=config.width,
        upsample_groups=config.width,
        num_hidden_layers=config.transformer.depth,
        num_attention_heads=config.transformer.heads,
        num_key_value_heads=config.transformer.heads,
        intermediate_size=config.transformer.hidden,
        sliding_window=config.transformer.context,
        num_quantizers=config.codebooks.count,
        codebook_size=config.codebooks.size,
        codebook_dim=config.codebooks.dim,
        vector_quantization_hidden_dimension=config.codebooks.dim,
    )
    parts = MimiParts(MimiModel(theirs))
    for layer in parts.modules():
        if isinstance(layer, MimiConv1d):
            settle_padding(layer)
    with torch.device("cpu"):  # frequencies that no state dict has
        for transformer in (parts.encoder_transformer, parts.decoder_transformer):
            transformer.rotary_emb = MimiRotaryEmbedding(transformer.config)
    for codebook in parts.codebooks():
        nn.init.normal_(codebook.embed_sum)  # theirs are zero: without training, all ids alike
    return parts
