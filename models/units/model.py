"""The networks of semantic units: a speech encoder, centroids per layer, perhaps a vocoder."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, normalize, pad

from ..layers.speech_encoder import WINDOW, frames, hidden_states, settle, theirs_config
from .config import UnitsConfig
from .vocoder import UnitVocoder


class Units(nn.Module):
    """Encoder, centroids and vocoder."""

    def __init__(self, config: UnitsConfig) -> None:
        super().__init__()
        from transformers import HubertModel, WavLMModel

        kind: Any = {"hubert": HubertModel, "wavlm": WavLMModel}[config.encoder.kind]
        self.config = config
        self.encoder = kind(theirs_config(config.encoder))
        settle(self.encoder)
        size = (config.clusters, config.encoder.width)
        self.centers = nn.ParameterDict(
            # All as long: else, without training, the shortest would be the nearest to all.
            {str(layer): nn.Parameter(normalize(torch.randn(size))) for layer in config.layers}
        )
        vocoder = config.vocoder
        self.vocoder = vocoder and UnitVocoder(vocoder, len(config.layers), config.clusters)

    def hidden(
        self, sound: Tensor, lengths: Tensor, count: int | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """[item, samples] -> hidden states [item, frame, width] of the first ``count`` layers.

        And the frames of each item: a sound shorter than a window is one, filled up with zeros.
        """
        layers = self.config.layers[:count]
        if self.config.normalise:
            sound = self._normalised(sound, lengths)
        sound = pad(sound, (0, max(0, WINDOW - sound.shape[-1])))
        lengths = lengths.clamp(min=WINDOW)
        uneven = bool((lengths != sound.shape[-1]).any())
        states = hidden_states(self.encoder, sound, lengths if uneven else None, layers[-1])
        return [states[layer] for layer in layers], frames(lengths)

    def ids(self, states: list[Tensor]) -> Tensor:
        """Hidden states of the first layers -> the nearest centroids [item, slot, frame]."""
        found = []
        for state, centers in zip(states, self.centers.values(), strict=False):
            table = centers.float()
            distances = table.square().sum(-1) - 2 * state.float() @ table.T
            found.append(distances.argmin(-1))
        return torch.stack(found, dim=1)

    @staticmethod
    def _normalised(sound: Tensor, lengths: Tensor) -> Tensor:
        """Mean 0 and variance 1 of each item's own samples, zeros behind. Source: speechbrain."""
        out = torch.zeros_like(sound)
        for row, one, length in zip(out, sound, lengths.tolist(), strict=True):
            row[:length] = layer_norm(one[:length], (length,))
        return out
