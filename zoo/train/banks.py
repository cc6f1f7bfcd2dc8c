"""Media of any modality, prepared as a checkpoint takes them, once for all stages of a run."""

from pathlib import Path

from torch import Tensor

from ..cards import VideoInput
from ..media.image import to_uint8
from ..media.listing import Entry
from ..tokenizer import Tokenizer
from .clips import build_clips, held_out_windows
from .data import build_bank
from .objective import Batches
from .recipe import Recipe
from .sounds import build_sounds


def build_banks(
    tok: Tokenizer,
    data: Path,
    training: list[Entry],
    held_out: list[Entry],
    recipe: Recipe,
    folder: Path,
    progress: bool = True,
) -> tuple[Batches, Batches]:
    """What to train on and what to judge by, as they lie in ``folder`` afterwards.

    Of ``held_out`` the first ``validation_items`` of the recipe are taken; of videos as many
    windows, evenly over all of them. Windows of training videos have no number that says anything.
    """
    judged = held_out[: recipe.validation_items]
    files = {folder / "train.npy": training, folder / "val.npy": judged}
    given = tok.card.input
    if tok.modality == "audio":
        samples = _whole_positions(tok, recipe.validation_seconds)

        def as_sound(content: bytes) -> Tensor:
            return tok.prepare(content).tensor

        sounds = [
            build_sounds(entries, data, as_sound, path, samples, progress, given=repr(given))
            for path, entries in files.items()
        ]
        return sounds[0], sounds[1]

    if tok.modality == "video":
        assert isinstance(given, VideoInput)

        def as_windows(content: bytes) -> list[Tensor]:
            return [to_uint8(window.tensor) for window in tok.pieces(content)]

        clips = build_clips(training, given.size, recipe.margin, folder / "train.npy", progress)
        windows = clips.windows(given.frames or 1, given.size, given.fps)
        return windows, held_out_windows(held_out, as_windows, recipe.validation_items)

    def as_pixels(content: bytes) -> Tensor:
        return to_uint8(tok.prepare(content).tensor)

    pictures = [
        build_bank(entries, as_pixels, path, progress, given=repr(given))
        for path, entries in files.items()
    ]
    return pictures[0], pictures[1]


def _whole_positions(tok: Tokenizer, seconds: float) -> int:
    """Samples in ``seconds``, cut to whole positions."""
    assert tok.sample_rate is not None
    hop = tok.spec.hop or 1
    return max(1, round(seconds * tok.sample_rate / hop)) * hop
