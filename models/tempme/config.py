"""The numbers of a TempMe; the fields are the card's ``config``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrunkConfig:
    """Size of the vision transformer, which is CLIP's; ``hidden`` is the width inside its MLPs."""

    image_size: int  # side in pixels
    patch: int
    width: int
    depth: int
    heads: int
    hidden: int

    @property
    def side(self) -> int:
        """Side of a frame's grid, in patches."""
        return self.image_size // self.patch


@dataclass(frozen=True)
class MergingConfig:
    """Where tokens merge, and how many.

    Blocks before the first of ``join_blocks`` merge ``per_frame`` tokens inside each frame. Block
    ``join_blocks[i]`` makes one clip of ``joins[i]`` neighbours, merges ``cross_percent`` of its
    tokens, and after attention ``intra_percent`` of what is left, as all later blocks do.
    """

    frames: int  # of a window, which is encoded as a whole
    per_frame: int
    join_blocks: tuple[int, ...]
    joins: tuple[int, ...]
    cross_percent: int
    intra_percent: int
    size_bias: bool = True  # attend to a token as to the patches that it stands for


@dataclass(frozen=True)
class TextConfig:
    """Size of CLIP's text transformer."""

    words: int  # entries of the vocabulary of its byte pairs
    context: int  # byte pairs that it has positions for
    longest: int  # byte pairs that a text is cut to, its two marks among them
    width: int
    depth: int
    heads: int
    hidden: int


@dataclass(frozen=True)
class RetrievalConfig:
    """The space that videos and texts share."""

    embedding: int
    text: TextConfig


@dataclass(frozen=True)
class TempMeConfig:
    """Everything that shapes the networks and their arithmetic."""

    trunk: TrunkConfig
    merging: MergingConfig
    retrieval: RetrievalConfig | None = None
