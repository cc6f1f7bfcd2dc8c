"""How many tokens each block merges: whole numbers that depend on sizes, never on a video.

Source: ``VTRModel.get_video_feat`` (LunarShen/TempMe e624930), with its order of operations and
its truncation. All its counts include class tokens.
"""

from dataclasses import dataclass
from math import prod

from zoo.errors import CardError

from .config import MergingConfig


@dataclass(frozen=True)
class Step:
    """What one block does. ``clips``, ``tokens`` and ``classes`` are what it leaves."""

    joins: int  # neighbouring clips that become one before attention; 1: none
    cross: int  # tokens merged away per clip before attention, across the joined clips
    intra: int  # tokens merged away per clip after attention
    clips: int  # per window
    tokens: int  # per clip, class tokens among them
    classes: int  # per clip: one for each of its frames


def schedule(merging: MergingConfig, patches: int, depth: int) -> tuple[Step, ...]:
    """The steps of all blocks, for frames of so many patches.

    Raises:
        CardError: for joins that do not divide the frames, and more merges than tokens.
    """
    _check(merging, depth)
    joins = dict(zip(merging.join_blocks, merging.joins, strict=True))
    cross_share, intra_share = merging.cross_percent / 100, merging.intra_percent / 100
    clips, tokens, classes = merging.frames, 1 + patches, 1
    steps = []
    for block in range(depth):
        joined = joins.get(block, 1)
        cross = 0
        if joined > 1:
            cross = int(tokens * joined * cross_share)
            cross = min((tokens - classes) * joined // 2, cross)
            clips, tokens, classes = clips // joined, tokens * joined, classes * joined
            tokens -= cross
        intra = merging.per_frame
        if block >= merging.join_blocks[0]:
            intra = min((tokens - classes) // 2, int(tokens * intra_share))
        elif intra > (tokens - classes) // 2:
            raise CardError(f"per_frame: block {block} has {tokens - classes} patches to merge")
        tokens -= intra
        steps.append(Step(joined, cross, intra, clips, tokens, classes))
    return tuple(steps)


def group_count(steps: tuple[Step, ...]) -> int:
    """Groups of patches that a window ends with."""
    return steps[-1].clips * (steps[-1].tokens - steps[-1].classes)


def _check(merging: MergingConfig, depth: int) -> None:
    blocks = merging.join_blocks
    if not blocks or list(blocks) != sorted(set(blocks)) or blocks[-1] >= depth:
        raise CardError(f"join_blocks: expected rising numbers below {depth}, got {list(blocks)}")
    if len(merging.joins) != len(blocks) or min(merging.joins) < 2:
        raise CardError(f"joins: expected one above 1 per join block, got {list(merging.joins)}")
    if merging.frames % prod(merging.joins):
        raise CardError(f"frames: {merging.frames} is no multiple of the joins {merging.joins}")
