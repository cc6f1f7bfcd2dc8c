"""A recipe: every number of a training run, in one YAML file beside the family."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import CardError
from ..typed import from_mapping

PRECISIONS = ("no", "bf16", "fp16")
TAKEN = ("model", "data")  # names in a run's folder that are no stage's


@dataclass(frozen=True)
class Matrices:
    """Weight matrices that Muon trains: every step turns all their directions equally far.

    It suits matrices between hidden layers, not embeddings, heads and tables; it takes weights of
    two dimensions alone, so convolutions stay AdamW's, whatever their names. Not for fp16.
    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon.
    """

    names: tuple[str, ...]  # of parameters of what is trained, with * for anything
    learning_rate: float  # rises and falls as the stage's does
    momentum: float = 0.95
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Stage:
    """One stretch of training with one objective.

    The learning rate rises over ``warmup`` steps, stays, and falls linearly to zero over the last
    ``cooldown`` steps, so that a run can be made longer until its cool-down begins.
    """

    name: str
    objective: str  # a name in the family's objective.py
    steps: int
    batch_size: int
    learning_rate: float
    warmup: int
    cooldown: int
    ema: float  # decay per step of the averaged weights, which are the ones kept
    # Parts that a batch is computed in, where it is too large for the memory. Gradients add up to
    # the batch's; what is taken over a batch (contrasts, spreads, codebooks that follow by moving
    # averages, once per part) is taken over each part.
    accumulate: int = 1
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0  # of the gradient's norm
    matrices: Matrices | None = None  # None: AdamW trains everything
    precision: str = "bf16"  # "no" | "bf16" | "fp16": autocast
    compile: bool = False  # torch.compile: minutes to start, then faster
    validate_every: int = 1000
    checkpoint_every: int = 500
    options: dict[str, Any] = field(default_factory=dict)  # of the objective

    def __post_init__(self) -> None:
        """Refuse what cannot be trained. Raises CardError."""
        where = f"stage {self.name!r}"
        if not self.name.replace("-", "").replace("_", "").isalnum() or self.name in TAKEN:
            raise CardError(
                f"{where}: the name is that of files: letters, digits, - and _, and not "
                + " or ".join(TAKEN)
            )
        if self.precision not in PRECISIONS:
            raise CardError(
                f"{where}: precision {self.precision!r}; it is one of {', '.join(PRECISIONS)}"
            )
        counts = ("steps", "batch_size", "accumulate", "validate_every", "checkpoint_every")
        _least(where, 1, {name: getattr(self, name) for name in counts})
        sizes = ("warmup", "cooldown", "learning_rate", "weight_decay")
        _least(where, 0, {name: getattr(self, name) for name in sizes})
        shares = {"ema": self.ema, "betas[0]": self.betas[0], "betas[1]": self.betas[1]}
        for name, value in shares.items():
            if not 0 <= value < 1:
                raise CardError(f"{where}: {name} is {value:g}; it is at least 0 and below 1")
        if self.matrices is not None:
            self._check_matrices(self.matrices, where)
        if not self.clip > 0:
            raise CardError(f"{where}: clip is {self.clip:g}; a gradient's norm is more than 0")

    def _check_matrices(self, matrices: Matrices, where: str) -> None:
        if self.precision == "fp16":
            raise CardError(
                f"{where}: matrices go with precision bf16 or no: the scale of fp16's gradients "
                "is kept for one optimizer"
            )
        if not matrices.names:
            raise CardError(f"{where}: matrices.names is empty: leave matrices out")
        sizes = {"learning_rate": matrices.learning_rate, "weight_decay": matrices.weight_decay}
        _least(where, 0, {f"matrices.{name}": value for name, value in sizes.items()})
        if not 0 <= matrices.momentum < 1:
            raise CardError(
                f"{where}: matrices.momentum is {matrices.momentum:g}; it is at least 0 and below 1"
            )

    def share_at(self, step: int) -> float:
        """Share of the full learning rate in step ``step``, counted from 0."""
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        fall = min(1.0, (self.steps - step) / max(1, self.cooldown))
        return min(rise, fall)


@dataclass(frozen=True)
class Recipe:
    """Seed, how many validation items to judge by, and the stages in order."""

    seed: int
    validation_items: int
    stages: tuple[Stage, ...]
    validation_seconds: float = 4.0  # of each, where items are sounds
    margin: float = 1.125  # how much larger than a crop videos are kept

    def __post_init__(self) -> None:
        """Refuse what cannot be trained. Raises CardError."""
        _least("recipe", 1, {name: getattr(self, name) for name in ("validation_items", "margin")})
        if not self.validation_seconds > 0:
            raise CardError(f"recipe: validation_seconds is {self.validation_seconds:g}")
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise CardError(f"recipe: stages {names}: at least one, and each name once")


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe file. Raises CardError where it says something impossible."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CardError(f"recipe {path}: cannot be read: {error}") from error
    try:
        return from_mapping(Recipe, content, "recipe")
    except CardError as error:
        raise CardError(f"{path.name}: {error}") from error


def _least(where: str, least: int, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if not value >= least:
            raise CardError(f"{where}: {name} is {value:g}; it is at least {least}")
