"""``zoo train``: a card, its recipe and a folder of media -> a folder that ``zoo.load`` takes."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import torch
from accelerate import PartialState

from ..cards import Card
from ..errors import CardError, NotSupportedError
from ..families import family_class, family_module
from ..registry import find
from ..weights import SAME, fill, read_tensors, save_checkpoint
from .banks import build_banks
from .data import find_entries, keep_apart
from .draws import seeded
from .loop import run_stage
from .objective import Objective
from .recipe import Recipe, Stage, read_recipe
from .result import Run, write_result
from .start import random_start, start_from
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
    recipe: Path | None = None,
    progress: bool = True,
) -> Path:
    """Train a checkpoint by its recipe; call again to go on where a run was stopped.

    Args:
        name: of the card.
        data: folder of media and tar shards; what is named ``val*`` is held out.
        out: where checkpoints, logs, pictures and the result go; ``runs/NAME`` by default.
        device: ``"cpu"`` or what accelerate finds.
        stages: only these stages of the recipe; they go on from what those before them left in
            ``out``.
        start: fine-tune from this checkpoint of the same configuration instead of random weights.
        teacher: file of :mod:`zoo.train.teacher`, for stages whose option ``teacher`` asks for one.
        recipe: file to follow instead of the card's ``recipe``.
        progress: show bars.

    Returns:
        The folder, which holds a card and weights: ``zoo.load(folder)`` works.

    Raises:
        CardError: for a card without recipe, a recipe that does not fit, a missing teacher, a
            stage whose forerunner has not run, or a start of another family or configuration.
        MediaError: for data that cannot be used.
        ZooError: when training diverges.
    """
    card = find(name)
    plan = read_recipe(recipe or _recipe_path(card))
    chosen = [_taught(stage, teacher, card) for stage in _chosen(plan, stages, card)]
    objectives = _objectives(card)
    out = out or Path("runs") / card.name
    earlier = _earlier(plan, chosen, card, out, start)
    keep_apart(data, out)
    training, held_out = find_entries(data, card.modality)
    begun = random_start(card, plan.seed) if start is None else start_from(card, start)
    module = begun.module
    tok = family_class(card.family)(card, begun.config, module)
    out.mkdir(parents=True, exist_ok=True)

    processes = PartialState(cpu=device == "cpu")  # of a launcher; alone where there is none
    with processes.main_process_first():  # it prepares the media, the others find them
        items, judged = build_banks(tok, data, training, held_out, plan, out / "data", progress)
    if earlier is not None:
        fill(module, [read_tensors(earlier)], SAME, where=str(earlier))
    for stage in chosen:
        done = out / f"{stage.name}.safetensors"
        if done.exists():
            fill(module, [read_tensors(done)], SAME, where=str(done))
            continue
        with seeded(plan.seed, stage.name):  # what only training has begins from it, too
            objective = objectives[stage.objective](module, begun.config, stage.options)
        run_stage(
            objective,
            items,
            judged[torch.arange(len(judged))],
            stage,
            seed=plan.seed,
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
                items=len(training),
                held_out=len(held_out),
                judged=len(judged),
                seed=plan.seed,
                processes=processes.num_processes,
                start=begun,
                stages=plan.stages,
            ),
            module,
            out,
        )
    processes.wait_for_everyone()
    return out


def _recipe_path(card: Card) -> Path:
    if card.recipe is None:
        raise CardError(
            f"{card.name}: the card names no recipe; pass --recipe FILE (recipe=) to train it"
        )
    for folder in family_module(card.family).__path__:
        path = Path(folder).parent / card.recipe
        if path.is_file():
            return path
    raise CardError(
        f"{card.name}: the recipe {card.recipe} is not there; pass --recipe FILE (recipe=)"
    )


def _objectives(card: Card) -> dict[str, type[Objective]]:
    home = f"{family_module(card.family).__name__}.objective"
    try:
        return import_module(home).OBJECTIVES
    except ModuleNotFoundError as error:
        wrong = f"family {card.family} has no training objective"
        if error.name != home:
            wrong = (
                f"training {card.family} needs the package {error.name}, which is not installed: "
                "pip install 'tokenizer-zoo[train]'"
            )
        raise NotSupportedError(wrong) from error


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
