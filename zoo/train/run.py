"""``zoo train``: a card, its recipe and a folder of media -> a folder that ``zoo.load`` takes."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import torch

from ..cards import Card
from ..errors import CardError, NotSupportedError
from ..families import family_class, family_module
from ..registry import find
from ..weights import SAME, fill, read_tensors, save_checkpoint
from .banks import build_banks
from .data import find_entries, keep_apart
from .device import processes_for
from .draws import seeded
from .fits import check_objectives
from .given import facts_of_call, facts_of_run, facts_of_stage
from .loop import run_stage
from .objective import Objective
from .order import check_order, choose, keep_others, weights_of
from .recipe import Stage, read_recipe
from .record import Record
from .result import write_result
from .start import random_start, start_from
from .teacher import load_teacher
from .told import Run


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
            ``out``. The result is that of the last stage that is finished.
        start: fine-tune from this checkpoint of the same configuration instead of random weights.
        teacher: file of :mod:`zoo.train.teacher`, for stages whose option ``teacher`` asks for one.
        recipe: file to follow instead of the card's ``recipe``.
        progress: show bars.

    Returns:
        The folder, which holds a card and weights: ``zoo.load(folder)`` works.

    Raises:
        CardError: for a card without recipe, a recipe that does not fit, a missing teacher, a
            stage whose forerunner has not run, a start of another family or configuration, or a
            folder that holds a run which was given something else, or other files by such names.
        MediaError: for data that cannot be used.
        ZooError: when training diverges.
    """
    card = find(name)
    plan = read_recipe(recipe or _recipe_path(card))
    chosen = {s.name: _taught(s, teacher, card) for s in choose(plan, stages, card)}
    objectives = _objectives(card)
    out = out or Path("runs") / card.name
    check_order(plan, chosen, out, card, tuning=start is not None)
    keep_others(plan, out)
    keep_apart(data, out)
    training, held_out = find_entries(data, card.modality)
    begun = random_start(card, plan.seed) if start is None else start_from(card, start)
    facts = facts_of_run(card, data, training, held_out, plan, recipe, begun)
    given = {s.name: facts_of_stage(chosen.get(s.name, s), teacher) for s in plan.stages}
    record = Record(out)
    record.check(facts, {name: given[name] for name in chosen})
    module = begun.module
    due = [stage for name, stage in chosen.items() if not weights_of(out, name).exists()]
    check_objectives(due, objectives, module, begun.config, card, plan.seed)
    tok = family_class(card.family)(card, begun.config, module)
    out.mkdir(parents=True, exist_ok=True)

    processes = processes_for(device)
    with processes.main_process_first():  # it prepares the media, the others find them
        items, judged = build_banks(tok, data, training, held_out, plan, out / "data", progress)
    latest: Path | None = None  # weights that are there, and that the module does not hold yet
    for stage in plan.stages:
        done = weights_of(out, stage.name)
        if done.exists():
            latest = done
            if processes.is_main_process:
                record.assume(facts, stage.name, given[stage.name])
            continue
        if stage.name not in chosen:
            continue
        if latest is not None:
            fill(module, [read_tensors(latest)], SAME, where=str(latest))
            latest = None
        if processes.is_main_process:
            record.begin(facts, stage.name, given[stage.name], facts_of_call(processes, device))
        stage = chosen[stage.name]
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
    if latest is not None:
        fill(module, [read_tensors(latest)], SAME, where=str(latest))
    if processes.is_main_process:
        names = [stage.name for stage in plan.stages]
        finished = [name for name in names if weights_of(out, name).exists()]
        known = {name: record.stages[name] for name in finished}
        missing = [name for name in names if name not in finished]
        result = Run(card, begun.card, record.run, known, missing, len(judged))
        write_result(result, module, out)
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
