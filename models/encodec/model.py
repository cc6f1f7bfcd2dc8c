"""Construction: transformers' EncodecModel from our configuration, weight norm folded."""

from math import ceil, log2
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..layers.padded_conv import settle_padding
from .config import EncodecConfig

if TYPE_CHECKING:
    from transformers import EncodecModel


def build_model(config: EncodecConfig) -> "EncodecModel":
    """Build the model, randomly initialised (or on the meta device, under its context)."""
    from transformers import EncodecConfig as Theirs
    from transformers import EncodecModel
    from transformers.models.encodec.modeling_encodec import EncodecConv1d

    # The number of codebooks follows from a bitrate and a frame rate: at one frame a second it is
    # the bits of a frame. Everything else about time is ours.
    bits = (config.codebooks + 0.5) * ceil(log2(config.codebook_size))
    model = EncodecModel(
        Theirs(
            target_bandwidths=[bits / 1000],
            sampling_rate=config.hop,
            audio_channels=config.channels,
            hidden_size=config.latent_width,
            num_filters=config.filters,
            upsampling_ratios=list(config.strides),
            norm_type=config.norm,
            use_causal_conv=config.causal,
            codebook_size=config.codebook_size,
            use_conv_shortcut=config.conv_shortcut,
        )
    )
    for layer in model.modules():
        if isinstance(layer, EncodecConv1d):
            settle_padding(layer)
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight")
            # As theirs, which does not get through weight norm: random weights that lose the
            # signal on the way would make tests see one id only.
            nn.init.kaiming_normal_(cast(Tensor, layer.weight))
    for level in levels(model):
        for statistic in ("inited", "cluster_size", "embed_avg"):  # of training
            delattr(level.codebook, statistic)
        nn.init.normal_(level.codebook.embed)  # theirs are zero: without training, all ids alike
    return model


def levels(model: "EncodecModel") -> Any:
    """One quantiser per codebook (a ModuleList, which knows no kind of its modules)."""
    return model.quantizer.layers


def quantized(model: "EncodecModel", latents: Tensor, count: int | None) -> list[Tensor]:
    """Latents [item, width, frame] -> ids [item, frame] of the first ``count`` codebooks."""
    found = []
    for level in levels(model)[:count]:
        found.append(level.encode(latents))
        latents = latents - level.decode(found[-1])
    return found
