"""Construction: from a configuration to the parts of a TempMe."""

import torch
from torch import nn

from .appearance_codec import AppearanceCodec
from .codebook import ResidualCodebook
from .config import TempMeConfig
from .encoder import MergingEncoder
from .retrieval import TextTower, VideoHead


class TempMeModel(nn.Module):
    """The encoder, and where a checkpoint has them, CLIP's heads for retrieval and codebooks."""

    def __init__(
        self,
        encoder: MergingEncoder,
        video_head: VideoHead | None = None,
        text: TextTower | None = None,
        appearance: AppearanceCodec | None = None,
        semantic: ResidualCodebook | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.video_head = video_head
        self.text = text
        self.appearance = appearance
        self.semantic = semantic
        if text is not None:
            self.log_scale = nn.Parameter(torch.tensor(4.6))


def build_model(config: TempMeConfig) -> TempMeModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    head, text, appearance, semantic = None, None, None, None
    width = config.trunk.width
    if config.retrieval is not None:
        head = VideoHead(width, config.retrieval.embedding)
        text = TextTower(config.retrieval.text, config.retrieval.embedding)
        width = config.retrieval.embedding
    if config.appearance is not None:
        appearance = AppearanceCodec(config.appearance, config.trunk, config.merging.frames)
    if config.semantic is not None:
        semantic = ResidualCodebook(config.semantic.slots, config.semantic.size, width)
    encoder = MergingEncoder(config.trunk, config.merging)
    return TempMeModel(encoder, head, text, appearance, semantic)
