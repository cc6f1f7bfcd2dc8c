"""TempMe as a tokenizer: a video to few merged tokens and the map of what each stands for."""

from typing import Any

from zoo.cards import Card
from zoo.errors import CardError

from .coded import CodedVideo
from .config import TempMeConfig
from .keys import FORMATS
from .model import TempMeModel, build_model
from .schedule import group_count, schedule


class TempMe(CodedVideo):
    """One position is one group of alike patches; ``source_map`` says which patches those are.

    Positions follow one another window by window, and inside a window by each group's first patch.
    Source: Shen et al. 2024, arXiv 2409.01156; merging equals that of LunarShen/TempMe.
    """

    config_type = TempMeConfig
    formats = FORMATS
    encode_parts = ("encoder", "video_head", "text", "appearance.encoder")
    # only="encode" leaves the text transformer out as well
    decode_parts = ("text", "appearance.decoder")
    compiled_parts = ("encoder",)

    def __init__(self, card: Card, *arguments: Any, **keywords: Any) -> None:
        super().__init__(card, *arguments, **keywords)
        merging, given = self.config.merging, card.tokens
        steps = schedule(merging, self.config.trunk.side**2, self.config.trunk.depth)
        found = group_count(steps), merging.frames
        if (given.segment, given.segment_hop) != found:
            raise CardError(
                f"{card.at('zoo.tokens')}: {found[1]} frames become {found[0]} groups, not "
                f"{given.segment}; segment, segment_hop and crop must be {found[0]}, {found[1]} "
                f"and {found[0]}"
            )

    @classmethod
    def build(cls, config: TempMeConfig) -> TempMeModel:
        """Construct the encoder, and CLIP's heads where the checkpoint has them."""
        return build_model(config)

    def way_out(self, verb: str) -> str:
        """How to get ids."""
        return (
            "it has no codebook. 'zoo fit-codebook' makes a checkpoint with one from a folder of "
            "videos; features(video) and similarity(videos, texts) need none"
        )
