"""TempMe as a tokenizer: a video to few merged tokens and the map of what each stands for."""

from typing import Any

import torch
from torch import Tensor

from zoo.cards import Card
from zoo.errors import CardError, NotSupportedError, TokenError
from zoo.tokenizer import Encoded
from zoo.tokens import Tokens

from .config import TempMeConfig
from .features import MergedFeatures
from .keys import FORMATS
from .model import TempMeModel, build_model
from .schedule import group_count, schedule


class TempMe(MergedFeatures):
    """One position is one group of alike patches; ``source_map`` says which patches those are.

    Positions follow one another window by window, and inside a window by each group's first patch.
    Source: Shen et al. 2024, arXiv 2409.01156; merging equals that of LunarShen/TempMe.
    """

    config_type = TempMeConfig
    formats = FORMATS
    encode_parts = ("encoder", "video_head", "text")
    decode_parts = ("text",)  # only="encode" leaves the text transformer out as well
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

    # ids

    def _encode(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded:
        raise NotSupportedError(f"{self.name} cannot encode; {self.way_out('encode')}")

    def _decode(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor:
        raise NotSupportedError(f"{self.name} cannot decode; {self.way_out('decode')}")

    def check(self, tokens: Tokens) -> None:
        """TokenError unless each item is whole windows of our frames, with labels of that window."""
        size, frames, side = self.spec.segment, self.config.merging.frames, self.config.trunk.side
        assert size is not None
        for item, length in enumerate(tokens.lengths.tolist()):
            if length == 0 or length % size:
                raise TokenError(
                    f"item {item} has {length} positions; {self.name} decodes windows of {size}"
                )
            if tokens.grid is None or tokens.grid[item, 1:].tolist() != [side, side]:
                found = None if tokens.grid is None else tokens.grid[item].tolist()
                expected = [length // size * frames, side, side]
                raise TokenError(f"grid: {found} for item {item}; expected {expected}")
            labels = tokens.extras["source_map"][item, : length // size * frames]
            window = torch.arange(len(labels), device=labels.device) // frames * size
            inside = labels.flatten(1) - window[:, None]
            if not bool(((inside >= 0) & (inside < size) | (labels.flatten(1) == -1)).all()):
                raise TokenError(
                    f"source_map of item {item} names groups of another window; the labels of "
                    f"window w are {size} w to {size} w + {size - 1}"
                )

    def tokens(self, codes: Any, lengths: Any = None, grid: Any = None, **extras: Any) -> Tokens:
        """As for every tokenizer. Ids without a grid are those of whole windows."""
        if grid is None:
            try:
                counts = reach(torch.as_tensor(codes)) if lengths is None else lengths
                counts = torch.as_tensor(counts).flatten().tolist()
            except (TypeError, ValueError, RuntimeError):  # the base says what is wrong with them
                counts = []
            side, size, frames = self.config.trunk.side, self.spec.segment, self.spec.segment_hop
            assert size is not None
            assert frames is not None
            grid = [[-(-count // size) * frames, side, side] for count in counts] or None
        return super().tokens(codes, lengths, grid, **extras)


def reach(ids: Tensor) -> Tensor:
    """How far each item of ids [item, slot, position], [item, position] or [position] goes."""
    there = ids >= 0
    there = there.any(1) if ids.ndim == 3 else there.reshape(-1, ids.shape[-1])
    return (there * torch.arange(1, ids.shape[-1] + 1)).amax(1)
