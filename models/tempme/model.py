"""Construction: from a configuration to the parts of a TempMe."""

import torch
from torch import nn

from .config import TempMeConfig
from .encoder import MergingEncoder
from .retrieval import TextTower, VideoHead


class TempMeModel(nn.Module):
    """The encoder, and where a checkpoint has them, CLIP's heads for retrieval."""

    def __init__(
        self,
        encoder: MergingEncoder,
        video_head: VideoHead | None = None,
        text: TextTower | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.video_head = video_head
        self.text = text
        if text is not None:
            self.log_scale = nn.Parameter(torch.tensor(4.6))


def build_model(config: TempMeConfig) -> TempMeModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    encoder = MergingEncoder(config.trunk, config.merging)
    if config.retrieval is None:
        return TempMeModel(encoder)
    embedding = config.retrieval.embedding
    return TempMeModel(
        encoder,
        VideoHead(config.trunk.width, embedding),
        TextTower(config.retrieval.text, embedding),
    )
