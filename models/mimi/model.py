"""Construction: SEANet, and transformers' parts of Mimi between its halves."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..layers.inner_conv import InnerConv
from ..layers.over_time import Layers, Memory
from ..layers.seanet import Seanet, seanet_decoder, seanet_encoder
from ..layers.seanet_conv import SeanetConv, SeanetUp
from ..layers.streaming import whole_strides
from .attending import Attending
from .config import MimiConfig

if TYPE_CHECKING:
    from transformers.models.mimi.modeling_mimi import MimiSplitResidualVectorQuantizer


class MimiParts(nn.Module):
    """The parts one after another, under the names that the published file has."""

    encoder: Layers
    decoder: Layers
    downsample: SeanetConv
    upsample: SeanetUp
    quantizer: "MimiSplitResidualVectorQuantizer"

    def __init__(self, config: MimiConfig, model: Any) -> None:
        super().__init__()
        net, width = seanet(config), config.width
        self.encoder = seanet_encoder(net)
        self.encoder_transformer = model.encoder.encoder_transformer
        self.downsample = SeanetConv(width, width, 4, 2, causal=True, mode="replicate", bias=False)
        self.quantizer = with_inner_projections(model.quantizer)
        self.upsample = SeanetUp(width, width, 2, causal=True, groups=width, bias=False)
        self.decoder_transformer = model.decoder.decoder_transformer
        self.decoder = seanet_decoder(net)

    def latents(self, sound: Tensor) -> Tensor:
        """[item, 1, samples], whole positions -> [item, width, position]."""
        return self.downsample(mixed(self.encoder_transformer, self.encoder(sound)))

    def sound(self, latents: Tensor) -> Tensor:
        """[item, width, position] -> [item, 1, samples]."""
        return self.decoder(mixed(self.decoder_transformer, self.upsample(latents)))

    def latents_step(self, sound: Tensor, memory: Memory, last: bool) -> Tensor:
        """The next piece of a sound (of whole positions in all), as far as latents are final."""
        found = self.encoder.step(sound, memory, last)
        # Latents need all steps of a stride; together these read the weights once.
        found = whole_strides(self, found, memory, last, self.downsample.stride)
        found = mixed_step(self.encoder_transformer, found, memory)
        return self.downsample.step(found, memory, last)

    def sound_step(self, latents: Tensor, memory: Memory, last: bool) -> Tensor:
        """The next latents, as far as the sound is final."""
        grown = self.upsample.step(latents, memory, last)
        grown = mixed_step(self.decoder_transformer, grown, memory)
        return self.decoder.step(grown, memory, last)

    def codebooks(self) -> list[Any]:
        """The codebooks, the semantic one first."""
        first: Any = self.quantizer.semantic_residual_vector_quantizer.layers
        rest: Any = self.quantizer.acoustic_residual_vector_quantizer.layers
        return [level.codebook for level in (*first, *rest)]


def seanet(config: MimiConfig) -> Seanet:
    """What its SEANet is."""
    return Seanet(
        filters=config.filters,
        strides=config.strides,
        width=config.width,
        lstm=0,
        causal=True,
        padding="zeros",
        conv_shortcut=False,
        last_kernel=3,
    )


def mixed(transformer: nn.Module, x: Tensor) -> Tensor:
    """[item, width, time], shape kept."""
    return transformer(x.transpose(1, 2)).last_hidden_state.transpose(1, 2)


def mixed_step(transformer: Any, x: Tensor, memory: Memory) -> Tensor:
    """The same for the next piece, maybe empty."""
    if not x.shape[-1]:
        return x
    if transformer not in memory:
        memory[transformer] = Attending(transformer)
    return memory[transformer](x.transpose(1, 2)).transpose(1, 2)


def with_inner_projections(quantizer: Any) -> Any:
    """The quantiser, whose projections meet a piece of next to no positions, too."""
    for branch in (
        quantizer.semantic_residual_vector_quantizer,
        quantizer.acoustic_residual_vector_quantizer,
    ):
        for name in ("input_proj", "output_proj"):
            plain = getattr(branch, name)
            if plain is not None:
                inner = InnerConv(plain.in_channels, plain.out_channels, 1, bias=False)
                setattr(branch, name, inner)
    return quantizer


def build_model(config: MimiConfig) -> MimiParts:
    """Build the parts, randomly initialised (or on the meta device, under its context)."""
    from transformers import MimiConfig as Theirs
    from transformers import MimiModel
    from transformers.models.mimi.modeling_mimi import MimiRotaryEmbedding

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
    parts = MimiParts(config, MimiModel(theirs))
    for layer in parts.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):  # as theirs, random
            nn.init.kaiming_normal_(layer.weight)
    with torch.device("cpu"):  # frequencies that no state dict has
        for transformer in (parts.encoder_transformer, parts.decoder_transformer):
            transformer.rotary_emb = MimiRotaryEmbedding(transformer.config)
    for codebook in parts.codebooks():
        nn.init.normal_(codebook.embed_sum)  # theirs are zero: without training, all ids alike
    return parts
