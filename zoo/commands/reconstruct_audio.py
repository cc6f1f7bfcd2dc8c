"""``zoo reconstruct`` for sound: a wav per quality, and a picture of all their spectrograms."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from ..atomic import atomic_write
from ..cards import Card
from ..media import Media, read
from ..media.grid import Cell, labelled_grid
from ..media.sample import sample_sound
from ..media.si_sdr import si_sdr
from ..media.spectrogram import level, spectrogram
from ..tokenizer import Tokenizer
from .parts import outputs
from .parts.loading import Options, load_for
from .parts.reconstruction import asked_for, at_every, listed
from .parts.text import columns, number, tell

_HIGH, _WIDE = 192, 2000  # pixels of a spectrogram and of the grid


@dataclass(frozen=True)
class Heard:
    """What a reconstruction costs and is worth; ``prefix`` None is all that there is."""

    prefix: int | None
    tokens: int
    bits: float
    bits_per_second: float
    si_sdr: float | None
    """In dB against what the model hears; None where nothing differs, or nothing is alike."""
    output: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """Tokens, kbit/s and SI-SDR for people."""
        quality = "-" if self.si_sdr is None else f"{self.si_sdr:.1f} dB"
        return str(self.tokens), f"{self.bits_per_second / 1000:.3g}", quality

    def caption(self, unit: str) -> str:
        """What stands beneath the spectrogram."""
        tokens, rate, quality = self.cells
        kept = "all" if self.prefix is None else f"{self.prefix} {unit}"
        kept = kept.removesuffix("s") if self.prefix == 1 else kept
        return f"{kept}: {tokens} tokens\n{rate} kbit/s\n{quality}"


def reconstruct(args: argparse.Namespace, card: Card, files: Sequence[Path], output: Path) -> None:
    """Write wavs and spectrograms of ``files`` (none: a voice made by arithmetic); say the figures.

    Raises:
        NotSupportedError: for a checkpoint without one of the two verbs, or an unknown option.
        TokenError: for an illegal prefix.
        MediaError: for a sound that cannot be read.
    """
    options, prefixes = asked_for(args, card)
    names = [str(path) for path in files] or ["example"]
    written = [
        [output.with_name(f"{output.stem}-{stem}-{k or 'all'}.wav") for k in prefixes]
        for stem in _stems(names)
    ]
    for path in chain.from_iterable(written):
        outputs.keep_inputs(path, files)
    tok = load_for(args, args.model)

    rows: list[list[Cell]] = []
    found: list[list[Heard]] = []
    made: list[Media] = []
    bar = tqdm(names, "reconstruct", leave=False, disable=not sys.stderr.isatty())
    for name, paths in zip(bar, written, strict=True):
        sound = read(name, "audio") if files else read(sample_sound())
        cells, figures, decoded = _row(tok, sound, prefixes, paths, options, args)
        rows.append(cells)
        found.append(figures)
        made += decoded
    grid = labelled_grid(rows, min_height=_HIGH, max_height=_HIGH, max_width=_WIDE)
    for path, item in zip(chain.from_iterable(written), made, strict=True):  # all could be read
        with outputs.writing(path):
            item.save(path)
    with outputs.writing(output), atomic_write(output) as temporary:
        grid.save(temporary)

    heading = ("sound", "tokens", "kbit/s", "SI-SDR", "")
    lines = [
        (name, *one.cells, one.output)
        for name, figures in zip(names, found, strict=True)
        for one in figures
    ]
    sounds = listed(names, found)
    tell(
        args,
        f"{columns([heading, *lines])}{output}: {grid.width} x {grid.height} pixels",
        {"model": card.name, "seed": args.seed, "output": str(output), "sounds": sounds},
    )


def _stems(names: Sequence[str]) -> list[str]:
    """The files' names without folder and suffix, numbered so that no two are the same."""
    stems = [Path(name).stem for name in names]
    numbered = [f"{stem}-{index}" for index, stem in enumerate(stems)]
    some = [s if stems.count(s) == 1 else n for s, n in zip(stems, numbered, strict=True)]
    return some if len(set(some)) == len(some) else numbered


def _row(
    tok: Tokenizer,
    sound: Media,
    prefixes: Sequence[int | None],
    paths: Sequence[Path],
    options: Options,
    args: argparse.Namespace,
) -> tuple[list[Cell], list[Heard], Media]:
    """One sound: encoded once, every prefix decoded in one batch; what is to be written."""
    view = tok.view(sound)
    heard, own = view.items[0], view.rate
    whole = tok.encode(sound, seed=args.seed, **options["encode"])
    parts = at_every(prefixes, whole)
    decoded = tok.decode(parts, seed=args.seed, batch_size=args.batch_size, **options["decode"])
    rate = decoded.rate
    assert own is not None
    assert rate is not None
    seconds = heard.shape[1] / own
    loudest = level(heard)
    cells: list[Cell] = [(spectrogram(heard, own, loudest=loudest), _original(sound, heard, own))]
    figures: list[Heard] = []
    costs = (parts.bits() + parts.extra_bits()).tolist()
    counts = (parts.codes >= 0).sum((1, 2)).tolist()
    unit = tok.spec.prefixes.unit if tok.spec.prefixes else ""
    for prefix, count, bits, item, path in zip(
        prefixes, counts, costs, decoded, paths, strict=True
    ):
        quality = _quality(heard, item.items[0])
        one = Heard(prefix, count, bits, bits / seconds, quality, str(path))
        figures.append(one)
        cells.append((spectrogram(item.items[0], rate, loudest=loudest), one.caption(unit)))
    return cells, figures, decoded


def _quality(heard: Tensor, made: Tensor) -> float | None:
    value = si_sdr(heard, made) if made.shape == heard.shape else math.nan
    return value if math.isfinite(value) else None


def _original(sound: Media, heard: Tensor, rate: int) -> str:
    seconds = number(heard.shape[1] / rate)
    own = "" if sound.rate == rate else f" (of {sound.rate})"
    return f"original\n{rate} Hz{own}, {seconds} s"
