"""The training loop: steps, average, checkpoints, validation, resume."""

import time
from contextlib import nullcontext
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from ..errors import ZooError
from .draws import generator
from .objective import Batches, Objective
from .recipe import Stage
from .report import Report
from .state import load_newest, save_state


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
        ZooError: when the loss is no longer a number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    accelerator = Accelerator(
        mixed_precision=stage.precision,
        cpu=device == "cpu",
        # Of several processes: what one stage does not train, or one step does not use.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    state = load_newest(folder)
    if fresh and state is None:
        objective.begin(items)
    objective.to(accelerator.device)
    source = objective.source(items)
    parameters = [p for p in objective.trained.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=stage.learning_rate,
        betas=stage.betas,
        weight_decay=stage.weight_decay,
        fused=True,
    )
    average = AveragedModel(objective.trained, multi_avg_fn=get_ema_multi_avg_fn(stage.ema))
    start, spent, began = 0, 0.0, time.perf_counter()
    if state is not None:
        start, spent = state["step"], state.get("seconds", 0.0)
        objective.trained.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    wrapped, optimizer = accelerator.prepare(objective, optimizer)
    if stage.compile:
        wrapped.compile()
    report = Report(folder, enabled=accelerator.is_main_process)

    def seconds() -> float:
        return spent + time.perf_counter() - began

    def checkpoint(step: int) -> None:
        if accelerator.is_main_process:
            parts = {"model": objective.trained, "average": average, "optimizer": optimizer}
            states = {name: part.state_dict() for name, part in parts.items()}
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
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate_at(step)
        random = generator(seed, stage.name, step, accelerator.process_index)
        rows = torch.randint(len(source), (stage.batch_size,), generator=random)
        losses = _gradients(wrapped, source[rows], random, stage.accumulate, accelerator)
        accelerator.clip_grad_norm_(parameters, stage.clip)
        optimizer.step()
        optimizer.zero_grad()
        average.update_parameters(objective.trained)
        bar.update()
        if step % 50 == 0:
            values = {name: float(value) for name, value in losses.items()}
            if not all(map(_finite, values.values())):
                raise ZooError(f"stage {stage.name}, step {step}: the loss is not finite: {values}")
            report.losses(step, values)
            bar.set_postfix(values)
        done = step + 1
        if done % stage.checkpoint_every == 0 or done == stage.steps:
            checkpoint(done)
        if done % stage.validate_every == 0 or done == stage.steps:
            validate(done)
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


def _finite(value: float) -> bool:
    return value - value == 0.0
