"""The training loop: steps, average, checkpoints, validation, resume."""

import math
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from ..errors import CardError, ZooError
from .device import accelerator_for
from .draws import generator
from .objective import Batches, Objective
from .optimizers import OPTIMIZERS, build_optimizers, set_rates
from .recipe import Stage
from .report import Report
from .state import load_newest, save_state

LOOK_EVERY = 50  # steps between looks at the losses, each of which waits for the device


def run_stage(
    objective: Objective,
    items: Batches,
    held_out: Tensor,
    stage: Stage,
    *,
    seed: int,
    folder: Path,
    device: str | None = None,
    fresh: bool = True,
    progress: bool = True,
) -> None:
    """Train ``objective`` for one stage; on return it holds the averaged weights.

    Everything random in step s is drawn from a generator seeded by (seed, stage, s, process), and
    checkpoints hold all the rest, so a run that was killed goes on to the same curve. ``fresh``:
    the weights are random, so the objective may choose better ones to begin with.

    Raises:
        CardError: where a checkpoint is of a later step than the last, or of other optimizers;
            where nothing is trained.
        ZooError: when the loss or its gradient is no longer a number; no checkpoint holds that.
        NotSupportedError: for a device that is not there, or that lacks the precision.
    """
    began = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    accelerator = accelerator_for(device, stage.precision)
    state = load_newest(folder)
    if state is None:
        objective.rescale()
        if fresh:
            objective.begin(items)
    objective.to(accelerator.device)
    source = objective.source(items)
    parameters = [p for p in objective.trained.parameters() if p.requires_grad]
    optimizers = build_optimizers(stage, objective.trained)
    if not optimizers:
        raise CardError(f"stage {stage.name}: nothing is trained, all its weights are frozen")
    average = AveragedModel(objective.trained, multi_avg_fn=get_ema_multi_avg_fn(stage.ema))
    start, spent = 0, 0.0
    if state is not None:
        start, spent = state["step"], state.get("seconds", 0.0)
        if start > stage.steps:
            raise CardError(
                f"stage {stage.name} has {stage.steps} steps, and the newest checkpoint in {folder} "
                f"is of step {start}: let the stage be longer, or remove that folder"
            )
        objective.trained.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        if not OPTIMIZERS & {*state} == {*optimizers}:
            raise CardError(
                f"stage {stage.name}: the checkpoints in {folder} are of other optimizers "
                f"({', '.join(sorted(OPTIMIZERS & {*state}))}): give the recipe that made them, or "
                "remove that folder"
            )
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state[name])
    wrapped, *prepared = accelerator.prepare(objective, *optimizers.values())
    optimizers = dict(zip(optimizers, prepared, strict=True))
    scaler = accelerator.scaler  # of gradients in fp16
    if state is not None and scaler is not None and "scaler" in state:
        scaler.load_state_dict(state["scaler"])
    if stage.compile:
        wrapped.compile()
    report = Report(folder, enabled=accelerator.is_main_process)

    def seconds() -> float:
        return spent + time.perf_counter() - began

    def checkpoint(step: int) -> None:
        if accelerator.is_main_process:
            parts = {"model": objective.trained, "average": average, **optimizers}
            states = {name: part.state_dict() for name, part in parts.items()}
            if scaler is not None:
                states["scaler"] = scaler.state_dict()
            save_state(folder, step, {**states, "seconds": seconds()})

    def validate(step: int) -> None:
        if accelerator.is_main_process:
            current = {k: v.clone() for k, v in objective.trained.state_dict().items()}
            objective.trained.load_state_dict(average.module.state_dict())
            objective.eval()
            with torch.inference_mode():
                values, pictures = objective.validate(held_out), objective.pictures(held_out)
                report.validation(step, values, pictures, seconds())
            objective.trained.load_state_dict(current)

    bar = tqdm(
        total=stage.steps,
        initial=start,
        desc=stage.name,
        disable=not (progress and accelerator.is_main_process),
    )
    for step in range(start, stage.steps):
        objective.train()
        set_rates(optimizers, stage, step)
        random = generator(seed, stage.name, step, accelerator.process_index)
        rows = torch.randint(len(source), (stage.batch_size,), generator=random)
        losses = _gradients(wrapped, source[rows], random, stage.accumulate, accelerator)
        norm = torch.as_tensor(accelerator.clip_grad_norm_(parameters, stage.clip))
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad()
        average.update_parameters(objective.trained)
        bar.update()
        done = step + 1
        saves, validates = (
            done % every == 0 or done == stage.steps
            for every in (stage.checkpoint_every, stage.validate_every)
        )
        if step % LOOK_EVERY == 0 or saves or validates:
            values = {name: float(value) for name, value in losses.items()}
            # In fp16 a step whose gradient is too large is left out and the next ones scaled down.
            seen = list(values.values()) + ([float(norm)] if scaler is None else [])
            if not _finite_everywhere(seen, accelerator):
                raise ZooError(
                    f"stage {stage.name}, step {step}: the loss or its gradient is not finite: "
                    f"{values}, gradient {float(norm):g}. Checkpoints in {folder} are from before, "
                    "but would lead here again: change the recipe (learning_rate, clip, "
                    "precision), remove that folder and start the stage anew"
                )
            if step % LOOK_EVERY == 0:
                report.losses(step, values)
                bar.set_postfix(values)
        if validates:  # before the checkpoint, which a run goes on after
            validate(done)
        if saves:
            checkpoint(done)
    bar.close()
    objective.trained.load_state_dict(average.module.state_dict())
    objective.eval()
    with torch.inference_mode(False):
        objective.finish(items)


def _gradients(
    objective: nn.Module,
    batch: Tensor,
    random: torch.Generator,
    parts: int,
    accelerator: Accelerator,
) -> dict[str, Tensor]:
    """Add up the gradients of a batch, part by part; the losses are the means over the parts."""
    means: dict[str, Tensor] = {}
    pieces = [batch] if parts == 1 else list(batch.chunk(parts))
    for place, piece in enumerate(pieces):
        share = len(piece) / len(batch) if parts > 1 else 1.0
        last = place == len(pieces) - 1  # processes exchange gradients once per step
        with nullcontext() if last else accelerator.no_sync(objective):
            losses = objective(piece.to(accelerator.device), random)
            accelerator.backward(losses["loss"] * share)
        for name, value in losses.items():
            means[name] = means.get(name, 0) + share * value.detach()
    return means


def _finite_everywhere(values: list[float], accelerator: Accelerator) -> bool:
    """Whether all values are numbers, in all processes: then all stop together."""
    wrong = torch.tensor(float(not all(map(math.isfinite, values))), device=accelerator.device)
    return not torch.as_tensor(accelerator.reduce(wrong, reduction="sum")).item()
