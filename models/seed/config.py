"""The numbers of a SEED tokenizer; the fields are the card's ``config``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VitConfig:
    """Size of the EVA vision transformer; ``hidden`` is the width inside its MLPs."""

    width: int
    depth: int
    heads: int
    hidden: int
    patch: int


@dataclass(frozen=True)
class QFormerConfig:
    """Size of a Q-Former; every second layer, from the first on, looks at the image."""

    width: int
    depth: int
    heads: int
    hidden: int


@dataclass(frozen=True)
class DecoderConfig:
    """Size of the decoder: plain ViT blocks of the Q-Former's width, then a head.

    ``head`` is ``image_down`` or ``reverse_qformer``; the latter has ``reverse_depth`` layers.
    """

    depth: int
    heads: int
    embedding: int  # width of the image embedding that comes out
    head: str = "image_down"
    reverse_depth: int = 0


@dataclass(frozen=True)
class PictureConfig:
    """Size of a decoder from tokens to pixels, which a small checkpoint has in place of a painter.

    ``grid`` x ``grid`` places read the tokens through a Q-Former without causality, ``reader``;
    then the map's side doubles for every one of ``widths``, and once more to the image's.
    """

    grid: int
    reader: QFormerConfig
    widths: tuple[int, ...]


@dataclass(frozen=True)
class SeedConfig:
    """Everything that shapes the networks and their arithmetic."""

    image_size: int
    queries: int  # ids of an image
    vit: VitConfig
    qformer: QFormerConfig
    codebook: tuple[int, int]  # ids, dimensions
    decoder: DecoderConfig
    picture: PictureConfig | None = None  # None: a painter, loaded apart
