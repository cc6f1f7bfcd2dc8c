"""Which stages of a recipe a call trains, and what they go on from."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from ..cards import Card
from ..errors import CardError
from .recipe import Recipe, Stage
from .state import saved_states

FILE = "run.json"  # what a run was given, see record.py


def choose(recipe: Recipe, names: Sequence[str], card: Card) -> list[Stage]:
    """The stages called ``names`` in the recipe's order, all of them where none is named."""
    known = {stage.name: stage for stage in recipe.stages}
    for name in names:
        if name not in known:
            raise CardError(f"{card.name}: no stage {name!r}; the recipe has {', '.join(known)}")
    return [stage for stage in recipe.stages if not names or stage.name in names]


def weights_of(out: Path, stage: str) -> Path:
    """Where the weights of all networks lie after a stage."""
    return out / f"{stage}.safetensors"


def is_begun(out: Path, stage: str) -> bool:
    """Whether a call would go on with this stage, or take it as finished."""
    return weights_of(out, stage).exists() or bool(saved_states(out / stage))


def keep_others(recipe: Recipe, out: Path) -> None:
    """CardError where a run's result would replace files that no run has written."""
    if (out / FILE).exists() or any(is_begun(out, stage.name) for stage in recipe.stages):
        return
    for name in ("README.md", "model.safetensors"):
        if (out / name).exists():
            raise CardError(
                f"{out} holds a {name} and no run of this recipe: the result would replace it. Name "
                "another folder, --out DIR (out=)"
            )


def check_order(
    recipe: Recipe, chosen: Collection[str], out: Path, card: Card, tuning: bool
) -> None:
    """CardError where a stage would not go on from the one before it, or change below a later one.

    ``tuning``: the run starts from weights that have had every stage, so some may be left out.
    """
    finished = {s.name for s in recipe.stages if weights_of(out, s.name).exists()}
    for before, stage in pairwise(recipe.stages):
        due = stage.name in chosen and stage.name not in finished
        if due and not tuning and before.name not in {*finished, *chosen}:
            raise CardError(
                f"{card.name}: stage {stage.name} goes on from stage {before.name}, and there is no "
                f"{weights_of(out, before.name)}: train that first, or pass --from NAME (start=)"
            )
    due = [s.name for s in recipe.stages if s.name in chosen and s.name not in finished]
    names = [stage.name for stage in recipe.stages]
    later = [s for s in names[names.index(due[0]) :] if s in finished] if due else []
    if later:
        raise CardError(
            f"{card.name}: stage {due[0]} is not finished in {out}, and stage {later[0]}, which comes "
            "after it, is: train it in another folder, --out DIR (out=), or remove "
            f"{weights_of(out, later[0])} and {out / later[0]}"
        )
