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
class CodebookConfig:
    """Residual codebooks: so many ids per group, each of so many."""

    slots: int
    size: int


@dataclass(frozen=True)
class PixelNetworks:
    """Sizes of what turns moments into codes and back; see ``pixel_decoder.py``."""

    dim: int  # of the vectors that are quantised
    width: int  # of both transformers over groups
    heads: int
    encoder_depth: int
    decoder_depth: int
    refine_width: int  # of the convolutions over patches
    refine_depth: int
    fine_width: int  # and over quarters of patches
    fine_depth: int


@dataclass(frozen=True)
class AppearanceConfig:
    """How groups keep their pixels: as moments (``networks`` None: just these), quantised."""

    codebook: CodebookConfig
    changes: bool = True  # besides the mean patch, how patches change with their place in the group
    networks: PixelNetworks | None = None


@dataclass(frozen=True)
class TempMeConfig:
    """Everything that shapes the networks and their arithmetic.

    Ids are, in this order, those of ``appearance`` and of ``semantic``, whose codebook is over the
    trunk's tokens in the space of texts.
    """

    trunk: TrunkConfig
    merging: MergingConfig
    retrieval: RetrievalConfig | None = None
    appearance: AppearanceConfig | None = None
    semantic: CodebookConfig | None = None
