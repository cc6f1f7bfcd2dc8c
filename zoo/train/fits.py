"""Whether a recipe's stages fit a family: asked before the first of them costs hours."""

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import nn

from ..cards import Card
from ..errors import CardError
from .draws import seeded
from .objective import Objective
from .optimizers import build_optimizers
from .recipe import Stage


def check_objectives(
    stages: Iterable[Stage],
    objectives: Mapping[str, type[Objective]],
    module: nn.Module,
    config: Any,
    card: Card,
    seed: int,
) -> None:
    """CardError for an objective that the family has not, or what it cannot do with.

    Each is made once on a copy of the networks, since making it may freeze some of them.
    """
    trial: nn.Module | None = None
    for stage in stages:
        where = f"{card.name}: stage {stage.name}"
        if stage.objective not in objectives:
            raise CardError(
                f"{where}: there is no objective {stage.objective!r}; family {card.family} has "
                + ", ".join(objectives)
            )
        trial = trial or copy.deepcopy(module)
        options = _Asked(stage.options)
        try:
            with seeded(seed, stage.name):
                objective = objectives[stage.objective](trial, config, options)
        except KeyError as error:
            raise CardError(
                f"{where}: its options lack {error} or something in it; objective "
                f"{stage.objective!r} was given {', '.join(stage.options) or 'none'}"
            ) from error
        except (TypeError, ValueError) as error:
            raise CardError(
                f"{where}: objective {stage.objective!r} cannot take its options: {error}"
            ) from error
        for name in options.never:
            near = difflib.get_close_matches(name, options.asked - {*options}, 1)
            raise CardError(
                f"{where}: objective {stage.objective!r} knows no option {name!r}"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        build_optimizers(stage, objective.trained)


class _Asked(Mapping[str, Any]):
    """Options that remember which of them an objective asked for."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.asked: set[str] = set()  # there or not

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self.options[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.options)

    def __len__(self) -> int:
        return len(self.options)

    @property
    def never(self) -> list[str]:
        """Names that are there and were not asked for."""
        return [name for name in self.options if name not in self.asked]
