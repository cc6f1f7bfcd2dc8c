"""``zoo train``: a card, its recipe and a folder of media -> a folder that ``zoo.load`` takes."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch import nn

from ..cards import Card, VideoInput
from ..errors import CardError, NotSupportedError
from ..families import family_class, family_module
from ..loading import build_module, read_config
from ..media.image import to_uint8
from ..registry import find
from ..tokenizer import Tokenizer
from ..weights import SAME, fill, read_tensors, save_checkpoint
from .clips import build_clips, held_out_windows
from .data import build_bank, find_entries
from .draws import seeded
from .loop import run_stage
from .objective import Batches, Objective
from .recipe import Recipe, Stage, read_recipe
from .result import Run, write_result
from .sounds import build_sounds
from .teacher import load_teacher


def train(
    name: str,
    data: Path,
    out: Path | None = None,
    *,
    device: str | None = None,
    stages: Sequence[str] = (),
    start: str | None = None,
    teacher: Path | None = None,
    progress: bool = True,
) -> Path:
    """Train a checkpoint by its recipe; call again to go on where a run was stopped.

    Args:
        name: of the card, whose ``recipe`` is followed.
        data: folder of media and tar shards; what is named ``val*`` is held out.
        out: where checkpoints, logs, pictures and the result go; ``runs/NAME`` by default.
        device: ``"cpu"`` or what accelerate finds.
        stages: only these stages of the recipe; they go on from what those before them left in
            ``out``.
        start: fine-tune from this checkpoint of the same configuration instead of random weights.
        teacher: file of :mod:`zoo.train.teacher`, for stages whose option ``teacher`` asks for one.
        progress: show bars.

    Returns:
        The folder, which holds a card and weights: ``zoo.load(folder)`` works.

    Raises:
        CardError: for a card without recipe, a recipe that does not fit, a missing teacher, or a
            stage whose forerunner has not run.
        MediaError: for data that cannot be used.
        ZooError: when training diverges.
    """
    card = find(name)
    recipe = read_recipe(_recipe_path(card))
    chosen = [_taught(stage, teacher, card) for stage in _chosen(recipe, stages, card)]
    family = family_class(card.family)
    objectives = _objectives(card)
    out = out or Path("runs") / card.name
    earlier = _earlier(recipe, chosen, card, out, start)
    out.mkdir(parents=True, exist_ok=True)
    config, module = _start(card, family, recipe.seed, start)
    tok = family(card, config, module)

    processes = PartialState(cpu=device == "cpu")  # of a launcher; alone where there is none
    with processes.main_process_first():  # it prepares the media, the others find them
        items, judged = _banks(tok, data, recipe, out / "data", progress)
    if earlier is not None:
        fill(module, [read_tensors(earlier)], SAME, where=str(earlier))
    for stage in chosen:
        done = out / f"{stage.name}.safetensors"
        if done.exists():
            fill(module, [read_tensors(done)], SAME, where=str(done))
            continue
        with seeded(recipe.seed, stage.name):  # what only training has begins from it, too
            objective = objectives[stage.objective](module, config, stage.options)
        run_stage(
            objective,
            items,
            judged[torch.arange(len(judged))],
            stage,
            seed=recipe.seed,
            folder=out / stage.name,
            device=device,
            fresh=start is None,
            progress=progress,
        )
        module.to("cpu")
        if processes.is_main_process:
            save_checkpoint(module, done, {"stage": stage.name})
        processes.wait_for_everyone()
    if processes.is_main_process:
        write_result(
            Run(
                card=card,
                data=data.resolve().name,
                items=len(items),
                held_out=len(judged),
                seed=recipe.seed,
                processes=processes.num_processes,
                start=start,
                stages=recipe.stages,
            ),
            module,
            out,
        )
    processes.wait_for_everyone()
    return out


def _banks(
    tok: Tokenizer, data: Path, recipe: Recipe, folder: Path, progress: bool
) -> tuple[Batches, Batches]:
    """Training media and those to judge by, prepared once for all stages."""
    training, held_out = find_entries(data, tok.modality)
    judged = held_out[: recipe.validation_items]
    files = {folder / "train.npy": training, folder / "val.npy": judged}
    if tok.modality == "audio":
        samples = _whole_positions(tok, recipe.validation_seconds)

        def as_sound(content: bytes) -> torch.Tensor:
            return tok.prepare(content).tensor

        sounds = [
            build_sounds(entries, data, as_sound, path, samples, progress)
            for path, entries in files.items()
        ]
        return sounds[0], sounds[1]

    if tok.modality == "video":
        assert isinstance(tok.card.input, VideoInput)

        def as_windows(content: bytes) -> list[torch.Tensor]:
            return [to_uint8(window.tensor) for window in tok.pieces(content)]

        given = tok.card.input
        clips = build_clips(training, given.size, recipe.margin, folder / "train.npy", progress)
        windows = clips.windows(given.frames or 1, given.size, given.fps)
        return windows, held_out_windows(held_out, as_windows, recipe.validation_items)

    def as_pixels(content: bytes) -> torch.Tensor:
        return to_uint8(tok.prepare(content).tensor)

    pictures = [build_bank(entries, as_pixels, path, progress) for path, entries in files.items()]
    return pictures[0], pictures[1]


def _whole_positions(tok: Tokenizer, seconds: float) -> int:
    """Samples in ``seconds``, cut to whole positions."""
    assert tok.sample_rate is not None
    hop = tok.spec.hop or 1
    return max(1, round(seconds * tok.sample_rate / hop)) * hop


def _recipe_path(card: Card) -> Path:
    if card.recipe is None:
        raise CardError(f"{card.name}: the card names no recipe, so it cannot be trained")
    for folder in family_module(card.family).__path__:
        path = Path(folder).parent / card.recipe
        if path.is_file():
            return path
    raise CardError(f"{card.name}: the recipe {card.recipe} is not there")


def _objectives(card: Card) -> dict[str, type[Objective]]:
    try:
        home = import_module(f"{family_module(card.family).__name__}.objective")
    except ModuleNotFoundError as error:
        raise NotSupportedError(f"family {card.family} has no training objective") from error
    return home.OBJECTIVES


def _chosen(recipe: Recipe, names: Sequence[str], card: Card) -> list[Stage]:
    known = {stage.name: stage for stage in recipe.stages}
    for name in names:
        if name not in known:
            raise CardError(f"{card.name}: no stage {name!r}; the recipe has {', '.join(known)}")
    return [stage for stage in recipe.stages if not names or stage.name in names]


def _earlier(
    recipe: Recipe, chosen: list[Stage], card: Card, out: Path, start: str | None
) -> Path | None:
    """What the stage before the first chosen one left; None where nothing needs to go before."""
    names = [stage.name for stage in recipe.stages]
    first = names.index(chosen[0].name)
    if not first:
        return None
    left = out / f"{names[first - 1]}.safetensors"
    if left.exists():
        return left
    if start is None:
        raise CardError(
            f"{card.name}: stage {names[first]} goes on from stage {names[first - 1]}, and there "
            f"is no {left}: train that first, or pass --from NAME (start=)"
        )
    return None


def _taught(stage: Stage, teacher: Path | None, card: Card) -> Stage:
    """The stage with the teacher's file in its options, where they ask for one."""
    if "teacher" not in stage.options:
        return stage
    if teacher is None:
        raise CardError(
            f"{card.name}: stage {stage.name} learns from a teacher: pass --teacher FILE "
            "(teacher=), which python -m zoo.train.teacher --data DIR makes"
        )
    load_teacher(teacher)  # what is wrong with it should show now, not stages later
    return replace(stage, options={**stage.options, "teacher": str(teacher)})


def _start(
    card: Card, family: type[Tokenizer], seed: int, start: str | None
) -> tuple[Any, nn.Module]:
    if start is not None:
        from ..loading import load

        tok = load(start)
        return tok.config, tok.module.requires_grad_(True)
    config = read_config(card, {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return config, build_module(family, config)
