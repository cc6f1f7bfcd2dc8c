"""What moves the weights: AdamW, and Muon for the matrices that a recipe says."""

from fnmatch import fnmatchcase

import torch
from torch import nn
from torch.optim import Optimizer

from ..errors import CardError
from .recipe import Matrices, Stage

OPTIMIZERS = {"matrices", "optimizer"}  # names of all that there may be, in checkpoints too
SHOWN = 6  # names in an error


def build_optimizers(stage: Stage, trained: nn.Module) -> dict[str, Optimizer]:
    """Optimizers by name, which is theirs in checkpoints; together they move all of ``trained``.

    Raises:
        CardError: for a pattern of ``stage.matrices`` that no matrix of ``trained`` goes by.
    """
    left = {name: p for name, p in trained.named_parameters() if p.requires_grad}
    found: dict[str, Optimizer] = {}
    if stage.matrices is not None:
        names = _matching(stage.matrices, left, f"stage {stage.name!r}")
        found["matrices"] = torch.optim.Muon(
            [left.pop(name) for name in names],
            lr=stage.matrices.learning_rate,
            momentum=stage.matrices.momentum,
            weight_decay=stage.matrices.weight_decay,
            # A step as large as AdamW's, whatever the shape: Moonshot 2025, arXiv 2502.16982.
            adjust_lr_fn="match_rms_adamw",
        )
    if left:
        found["optimizer"] = torch.optim.AdamW(
            list(left.values()),
            lr=stage.learning_rate,
            betas=stage.betas,
            weight_decay=stage.weight_decay,
            fused=True,
        )
    return found


def set_rates(optimizers: dict[str, Optimizer], stage: Stage, step: int) -> None:
    """Give each its learning rate of step ``step``, counted from 0; all rise and fall alike."""
    rates = {"optimizer": stage.learning_rate}
    if stage.matrices is not None:
        rates["matrices"] = stage.matrices.learning_rate
    for name, optimizer in optimizers.items():
        for group in optimizer.param_groups:
            group["lr"] = rates[name] * stage.share_at(step)


def _matching(matrices: Matrices, parameters: dict[str, nn.Parameter], where: str) -> list[str]:
    known = [name for name, parameter in parameters.items() if parameter.ndim == 2]
    for pattern in matrices.names:
        if not any(fnmatchcase(name, pattern) for name in known):
            shown = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
            raise CardError(
                f"{where}: matrices.names: {pattern!r} is the name of no matrix that is trained; "
                f"there are {len(known)}: {shown or 'none'}"
            )
    return [name for name in known if any(fnmatchcase(name, p) for p in matrices.names)]
