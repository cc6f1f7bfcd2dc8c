"""Videos through a tokenizer, without a page: encoded once, shown side by side at any quality."""

import math
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from zoo.media import Media
from zoo.media.groups import coloured_groups
from zoo.media.panels import Panel, side_by_side
from zoo.media.psnr import psnr
from zoo.media.video_write import ending, write_pictures
from zoo.tokenizer import Tokenizer
from zoo.tokens import Tokens
from zoo.tokens.labels import position_labels

from .limits import LIMITS
from .loaded import tokenizer
from .quality import legal
from .temporary import temporary_file


@dataclass(frozen=True)
class Watched:
    """One video's tokens, and what the model saw of it."""

    model: str
    tokens: Tokens
    seen: Media


def encode(path: str, model: str) -> Watched:
    """Encode an uploaded video; ZooError for what is none, or too long."""
    clip, tok = LIMITS.read(path, "video"), tokenizer(model)
    return Watched(model, tok.encode(clip), tok.view(clip))


def show(watched: Watched, wanted: float | None = None) -> tuple[str, str]:
    """A video file of what the model saw, its groups and the reconstruction; and the figures."""
    tok = tokenizer(watched.model)
    prefix = legal(tok, wanted)
    kept = watched.tokens if prefix is None else watched.tokens.prefix(prefix)
    frames = watched.seen.items[0]
    made = tok.decode(kept, native=True).items[0][: len(frames)]
    panels = [Panel(frames, "as the model sees it")]
    labels = position_labels(watched.tokens, len(frames))
    if labels is not None:
        text = f"{len(labels.unique())} groups of {labels.numel()} patches"
        panels.append(Panel(coloured_groups(frames, labels), text))
    panels.append(Panel(made, "reconstruction", measured=True))
    times = watched.seen.times
    assert times is not None
    assert times[0] is not None
    path = temporary_file("side-by-side.mp4")
    write_pictures(side_by_side(panels, height=224), ending(times[0], watched.seen.fps), Path(path))
    return path, _figures(tok, kept, frames, made, labels)


def _figures(
    tok: Tokenizer, kept: Tokens, frames: Tensor, made: Tensor, labels: Tensor | None
) -> str:
    ids, extra = float(kept.bits()[0]), float(kept.extra_bits()[0])
    count, quality = int((kept.codes >= 0).sum()), psnr(frames, made)
    lines = [f"**{count}** ids · **{ids:,.0f}** bits"]
    if math.isfinite(quality):
        lines[0] += f" · **{quality:.1f} dB** PSNR"
    lines[0] += f" · **{8 * frames.numel() / (ids + extra):,.0f}** times smaller than the pixels"
    if labels is not None:
        # Without merging every patch would have an id in every slot that is kept, and no map.
        unmerged = ids / count * kept.codes.shape[1] * labels.numel()
        coded = sum(float(bits) for bits in tok.coded_bits(kept).values())
        told = f", {coded:,.0f} after entropy coding" if coded else ""
        lines.append(
            f"With merging: {ids:,.0f} bits of ids and {extra:,.0f} of the map{told}. "
            f"Without: {unmerged:,.0f} bits of ids, and no map."
        )
    return "\n\n".join(lines)
