"""HuBERT and WavLM, through transformers: the hidden states of speech, masked where items end.

Source: Hsu et al. 2021, arXiv 2106.07447, and Chen et al. 2021, arXiv 2110.13900, as transformers'
HubertModel and WavLMModel compute them. The layers are theirs. The loop over them is ours: it
stops behind the last layer that is wanted, and items of different lengths do not see each other.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from zoo.audio_tokenizer import row_mask

from .lengths import each

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)
WINDOW = 400  # samples that a frame sees
HOP = prod(STRIDES)


@dataclass(frozen=True)
class SpeechEncoder:
    """The numbers of a HuBERT or a WavLM; all have the same window of 400 samples and hop of 320."""

    kind: str  # hubert | wavlm
    width: int
    depth: int
    heads: int
    hidden: int  # of the MLP
    conv_width: int
    norm: str  # group: over time, in the first convolution; layer: over channels, in all
    conv_bias: bool
    norm_first: bool  # transformers' do_stable_layer_norm


def frames(samples: int | Tensor) -> Any:
    """Frames of so many samples; below 1 for less than a window."""
    return (samples - WINDOW) // HOP + 1


def theirs_config(config: SpeechEncoder) -> Any:
    """The configuration of transformers' class."""
    from transformers import HubertConfig, WavLMConfig

    kind = {"hubert": HubertConfig, "wavlm": WavLMConfig}[config.kind]
    return kind(
        hidden_size=config.width,
        num_hidden_layers=config.depth,
        num_attention_heads=config.heads,
        intermediate_size=config.hidden,
        conv_dim=[config.conv_width] * len(KERNELS),
        conv_kernel=list(KERNELS),
        conv_stride=list(STRIDES),
        conv_bias=config.conv_bias,
        feat_extract_norm=config.norm,
        do_stable_layer_norm=config.norm_first,
        mask_time_prob=0.0,  # masking is for training; without it there is no vector for it
        mask_feature_prob=0.0,
    )


def settle(model: Any) -> None:
    """Fold the weight norm of a model, and let WavLM's attention take a mask."""
    positions = model.encoder.pos_conv_embed.conv
    if parametrize.is_parametrized(positions, "weight"):
        parametrize.remove_parametrizations(positions, "weight")
        # As theirs, which does not get through weight norm.
        nn.init.normal_(positions.weight, std=2 * (positions.weight[0].numel()) ** -0.5)
    for layer in model.encoder.layers:
        attention = layer.attention
        if hasattr(attention, "torch_multi_head_self_attention"):
            attention.torch_multi_head_self_attention = _Masked(attention)


class _Masked:
    """WavLM's attention with the mask in the bias: torch warns of a bias and a mask side by side."""

    def __init__(self, attention: Any) -> None:
        self.attention = attention

    def __call__(self, hidden: Tensor, mask: Tensor | None, bias: Tensor) -> tuple[Tensor, Any]:
        if mask is not None:  # bool [item, time] onto [item * head, time, time]
            hide = ~mask.repeat_interleave(len(bias) // len(mask), dim=0)
            bias = bias.masked_fill(hide[:, None], -torch.inf)
        plain = type(self.attention).torch_multi_head_self_attention
        return plain(self.attention, hidden, None, bias)


def hidden_states(
    model: Any, sound: Tensor, lengths: Tensor | None = None, depth: int | None = None
) -> list[Tensor]:
    """What each layer says: the first layer's input, then the outputs of ``depth`` layers or all.

    Args:
        model: a HubertModel or WavLMModel after :func:`settle`.
        sound: [item, samples]; what lies beyond an item's length does not matter.
        lengths: [item] samples of each, at least a window; None: all of them.
        depth: layers to run.

    Returns:
        ``depth + 1`` tensors [item, frame, width]; beyond an item's frames anything.
    """
    x = _convolved(model.feature_extractor.conv_layers, sound[:, None], lengths)
    x = model.feature_projection(x.transpose(1, 2))
    x = x[0] if isinstance(x, tuple) else x  # WavLM's gives the features as well
    encoder, mask = model.encoder, None
    if lengths is not None:
        mask = row_mask(frames(lengths), x.shape[1])
        x = x.masked_fill(~mask[..., None], 0)
    x = x + encoder.pos_conv_embed(x)
    if not model.config.do_stable_layer_norm:
        x = encoder.layer_norm(x)
    found, bias = [x], None  # WavLM's first layer makes a bias, which the others share
    for layer in encoder.layers[:depth]:
        if model.config.model_type == "wavlm":
            x, bias = layer(x, attention_mask=mask, position_bias=bias)
        else:
            x = layer(x, attention_mask=None if mask is None else mask[:, None, None])
        found.append(x)
    return found  # as theirs: of the last layer too before the norm that may stand behind it


def _convolved(layers: Any, x: Tensor, lengths: Tensor | None) -> Tensor:
    """[item, 1, samples] -> [item, width, frame]. No layer pads, so no frame sees what is beyond."""
    for layer in layers:
        norm = getattr(layer, "layer_norm", None)
        if lengths is not None and isinstance(norm, nn.GroupNorm):  # over each item's own time
            x = layer.conv(x)
            x = layer.activation(each(norm, x, _after(layer.conv, lengths)))
        else:
            x = layer(x)
    return x


def _after(conv: nn.Conv1d, lengths: Tensor) -> Tensor:
    return (lengths - conv.kernel_size[0]) // conv.stride[0] + 1
