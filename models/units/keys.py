"""Tensor names -> ours, per source format.

Source: state dicts of transformers' HubertModel and WavLMModel and of speechbrain's
UnitHifiganGenerator, attributes of scikit-learn's k-means. Weight norm is folded.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zoo.errors import CheckpointCorruptError
from zoo.weights import KeyTable, Rule, read_estimator

from ..layers.weight_norm import weight_norm

_POSITIONS = "encoder.pos_conv_embed.conv"

ENCODER: KeyTable = (
    Rule("masked_spec_embed", None, "stands for masked features: training only"),
    *weight_norm(_POSITIONS, f"encoder.{_POSITIONS}"),
    Rule("{name*}", "encoder.{name*}"),
)

_LAYERS = ("conv_pre", "ups.{i}", "resblocks.{i}.{pair}.{j}", "conv_post")

VOCODER: KeyTable = (
    Rule("unit_embedding.weight", "vocoder.unit_embedding.weight"),
    Rule("attn_pooling.{name*}", "vocoder.attn_pooling.{name*}"),
    *(rule for layer in _LAYERS for rule in weight_norm(f"{layer}.conv", f"vocoder.{layer}")),
)

KMEANS: KeyTable = (Rule("layer_{layer}.cluster_centers_", "centers.{layer}"),)

FORMATS = {"transformers": ENCODER, "speechbrain": VOCODER, "kmeans": KMEANS}


def centroids(path: Path, part: str) -> Mapping[str, Tensor]:
    """The centroids of a part ``layer_N``: a pickled estimator, or .npy with the table alone."""
    with path.open("rb") as file:
        plain = file.read(6) == b"\x93NUMPY"
    try:
        name = "cluster_centers_"
        found = np.load(path, allow_pickle=False) if plain else read_estimator(path)[name]
    except (ValueError, KeyError, OSError) as error:
        raise CheckpointCorruptError(f"{path} holds no table of centroids: {error}") from error
    table = np.array(found, dtype=found.dtype.newbyteorder("="), order="C")  # ours, native
    return {f"{part}.{name}": torch.from_numpy(table)}
