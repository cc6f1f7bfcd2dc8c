"""``zoo reconstruct`` for images: a grid of pictures."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from ..atomic import atomic_write
from ..cards import Card
from ..engine.options import declared_options
from ..media import Media, read
from ..media.grid import Cell, labelled_grid
from ..media.psnr import psnr
from ..media.sample import sample_picture
from ..tokenizer import Tokenizer
from ..tokens import Origin
from .parts import outputs
from .parts.loading import Options, load_for
from .parts.reconstruction import Reconstruction, asked_for, at_every, listed
from .parts.text import columns, tell

_HIGH, _WIDE = 256, 2000  # pixels of a picture and of the grid


def reconstruct(args: argparse.Namespace, card: Card, files: Sequence[Path], output: Path) -> None:
    """Write the grid of ``files`` (none: the drawn landscape) and say the figures.

    Raises:
        NotSupportedError: for a checkpoint without one of the two verbs, or an unknown option.
        TokenError: for an illegal prefix.
        MediaError: for a photo that cannot be read.
    """
    options, prefixes = asked_for(args, card)
    tok = load_for(args, args.model)

    names = [str(path) for path in files] or ["example"]
    rows: list[list[Cell]] = []
    found: list[list[Reconstruction]] = []
    bar = tqdm(names, "reconstruct", leave=False, disable=not sys.stderr.isatty())
    for name in bar:
        photo = read(name, "image") if files else read(sample_picture())
        cells, figures = _row(tok, photo, prefixes, options, args)
        rows.append(cells)
        found.append(figures)
    grid = labelled_grid(rows, min_height=_HIGH, max_height=_HIGH, max_width=_WIDE)
    with outputs.writing(output), atomic_write(output) as temporary:
        grid.save(temporary)

    heading = ("photo", "tokens", "bits", "PSNR")
    lines = [(n, *one.cells) for n, figures in zip(names, found, strict=True) for one in figures]
    photos = listed(names, found)
    tell(
        args,
        f"{columns([heading, *lines])}{output}: {grid.width} x {grid.height} pixels",
        {"model": card.name, "seed": args.seed, "output": str(output), "photos": photos},
    )


def _row(
    tok: Tokenizer,
    photo: Media,
    prefixes: Sequence[int | None],
    options: Options,
    args: argparse.Namespace,
) -> tuple[list[Cell], list[Reconstruction]]:
    """One photo: encoded once, every prefix decoded in one batch."""
    of_prepare = declared_options("encode", type(tok.prepare).__call__)
    fitting = {key: value for key, value in options["encode"].items() if key in of_prepare}
    seen = tok.view(photo, **fitting).items[0]
    whole = tok.encode(photo, seed=args.seed, **options["encode"])
    parts = at_every(prefixes, whole)
    decoded = tok.decode(
        parts, seed=args.seed, native=True, batch_size=args.batch_size, **options["decode"]
    )
    cells = _originals(photo.items[0], seen, whole.origin[0])
    figures: list[Reconstruction] = []
    costs = (parts.bits() + parts.extra_bits()).tolist()
    counts = (parts.codes >= 0).sum((1, 2)).tolist()
    for prefix, count, bits, item in zip(prefixes, counts, costs, decoded.items, strict=True):
        quality = psnr(seen, item)
        finite = quality if math.isfinite(quality) else None
        figures.append(Reconstruction(prefix, count, bits, finite))
        cells.append((item, figures[-1].caption))
    return cells, figures


def _originals(photo: Tensor, seen: Tensor, origin: Origin | None) -> list[Cell]:
    """The part of the photo that the model saw, and, if that is another picture, what it saw."""
    if origin is not None and origin.rect is not None:
        top, left, height, width = origin.rect
        photo = photo[:, top : top + height, left : left + width]
    cells = [(photo, f"original\n{photo.shape[2]} x {photo.shape[1]}")]
    if photo.shape != seen.shape:
        cells.append((seen, f"as the model sees it\n{seen.shape[2]} x {seen.shape[1]}"))
    return cells
