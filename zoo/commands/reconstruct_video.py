"""``zoo reconstruct`` for videos: side by side as a video, or some frames as a picture."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from ..atomic import atomic_write
from ..cards import Card
from ..engine.options import declared_options
from ..errors import NotSupportedError
from ..media import Media, VideoPrepare, open_video
from ..media.grid import Cell, labelled_grid
from ..media.groups import coloured_groups
from ..media.panels import Panel, side_by_side
from ..media.psnr import psnr
from ..media.sample import sample_video
from ..media.video_write import ending, write_pictures
from ..tokenizer import Tokenizer
from ..tokens.labels import position_labels
from .parts import outputs
from .parts.loading import Options, load_for
from .parts.reconstruction import Reconstruction, asked_for, at_every, listed
from .parts.text import columns, number, tell

_HIGH, _WIDE = 256, 2000  # pixels of a picture, and of the grid
_FRAMES = 8  # of a video in the grid, at most


class Shown(NamedTuple):
    """A video as the model sees it, what it is made into, and what that costs."""

    seen: Media
    panels: list[Panel]
    figures: list[Reconstruction]


def reconstruct(args: argparse.Namespace, card: Card, files: Sequence[Path], output: Path) -> None:
    """Write ``files`` (none: the drawn landscape) and their reconstructions; say the figures.

    A video suffix makes a side-by-side video, an image suffix a sheet of frames with the PSNR of
    each.

    Raises:
        NotSupportedError: for a checkpoint without one of the two verbs, an unknown option, or
            several videos for one video.
        TokenError: for an illegal prefix.
        MediaError: for a video that cannot be read.
    """
    moving = outputs.is_suffix(output, "video")
    if moving and len(files) > 1:
        raise NotSupportedError(f"{output}: one video shows one; name a picture for {len(files)}")
    options, prefixes = asked_for(args, card)
    tok = load_for(args, args.model)

    names = [str(path) for path in files] or ["example"]
    found = [_shown(tok, path, prefixes, options, args) for path in (files or [sample_video()])]
    with outputs.writing(output), atomic_write(output) as temporary:
        if moving:
            shots, times = side_by_side(found[0].panels), ending(*_timing(found[0].seen))
            write_pictures(shots, times, temporary)
        else:
            rows = [row for shown in found for row in _rows(shown)]
            grid = labelled_grid(rows, min_height=_HIGH, max_height=_HIGH, max_width=_WIDE)
            grid.save(temporary)

    heading = ("video", "frames", "tokens", "bits", "PSNR")
    lines = [
        (name, str(len(shown.seen.items[0])), *one.cells)
        for name, shown in zip(names, found, strict=True)
        for one in shown.figures
    ]
    videos = listed(names, [shown.figures for shown in found])
    tell(
        args,
        f"{columns([heading, *lines])}{output}",
        {"model": card.name, "seed": args.seed, "output": str(output), "videos": videos},
    )


def _shown(
    tok: Tokenizer,
    video: object,
    prefixes: Sequence[int | None],
    options: Options,
    args: argparse.Namespace,
) -> Shown:
    of_prepare = declared_options("encode", VideoPrepare.__call__)
    fitting = {key: value for key, value in options["encode"].items() if key in of_prepare}
    clip = open_video(video)
    seen = tok.view(clip, **fitting)
    whole = tok.encode(clip, seed=args.seed, **options["encode"])
    parts = at_every(prefixes, whole)
    decoded = tok.decode(
        parts, seed=args.seed, native=True, batch_size=args.batch_size, **options["decode"]
    )
    frames = seen.items[0]
    panels = [Panel(frames, f"as the model sees it\n{len(frames)} frames")]
    labels = position_labels(whole, len(frames))
    if labels is not None:
        groups = f"{len(labels.unique())} groups\nof {labels.numel()} patches"
        panels.append(Panel(coloured_groups(frames, labels), groups))
    figures: list[Reconstruction] = []
    ids, extra = parts.bits().tolist(), parts.extra_bits().tolist()
    coded = sum(tok.coded_bits(whole).values())
    counts = (parts.codes >= 0).sum((1, 2)).tolist()
    for row, (prefix, item) in enumerate(zip(prefixes, decoded.items, strict=True)):
        item = item[: len(frames)]  # without what only filled the last window
        quality = psnr(frames, item)
        finite = quality if math.isfinite(quality) else None
        figures.append(Reconstruction(prefix, counts[row], ids[row] + extra[row], finite))
        text = f"{counts[row]} tokens: {number(ids[row])} bits\n"
        if extra[row]:
            text += f"map: {number(extra[row])} bits"
            text += f", coded: {number(float(coded))}\n" if coded else "\n"
        text += figures[-1].cells[2]
        panels.append(Panel(item, text, measured=True))
    return Shown(seen, panels, figures)


def _rows(shown: Shown) -> list[list[Cell]]:
    """A row per panel, of frames from all over the video."""
    frames, (times, _) = shown.seen.items[0], _timing(shown.seen)
    last = len(frames) - 1
    width = _HIGH * frames.shape[3] / frames.shape[2]
    count = max(2, min(_FRAMES, int(_WIDE // (width + 20))))  # what a line of the grid holds
    chosen = sorted({round(place * last / (count - 1)) for place in range(count)})
    rows: list[list[Cell]] = []
    for panel in shown.panels:
        title = panel.caption.replace("\n", ", ")
        captions = [f"{title}\n" if at == chosen[0] else "" for at in chosen]
        if panel is shown.panels[0]:
            captions = [
                f"{times[at]:.2f} s\n{head}" for at, head in zip(chosen, captions, strict=True)
            ]
        elif panel.measured:
            captions = [
                f"{_quality(frames[at], panel.frames[at])}\n{head}"
                for at, head in zip(chosen, captions, strict=True)
            ]
        rows.append([(panel.frames[at], text) for at, text in zip(chosen, captions, strict=True)])
    return rows


def _quality(seen: Tensor, made: Tensor) -> str:
    quality = psnr(seen, made)
    return f"{quality:.1f} dB" if math.isfinite(quality) else "no error"


def _timing(video: Media) -> tuple[tuple[float, ...], float | None]:
    """When each frame of the one video is shown, and its rate."""
    times = None if video.times is None else video.times[0]
    assert times is not None  # of every file, and of the drawn one
    return times, video.fps
