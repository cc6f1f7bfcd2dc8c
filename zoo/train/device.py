"""Where training runs: on what accelerate finds, or not at all."""

import os

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.state import AcceleratorState

from ..errors import NotSupportedError


def processes_for(device: str | None) -> PartialState:
    """The processes that a launcher has started to train together; one where there is none."""
    found = PartialState(cpu=device == "cpu")
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started > 1 and found.num_processes == 1 and found.device == torch.device("cpu"):
        # Without a GPU accelerate joins them only when told to use CPUs; each would train alone,
        # and all would write the same files.
        PartialState._reset_state()
        found = PartialState(cpu=True)
    return found


def training_device(device: str | None) -> torch.device:
    """The device of this process: what accelerate finds, or the CPU when asked for.

    Raises:
        NotSupportedError: when ``device`` is another one.
    """
    found = processes_for(device).device
    assert isinstance(found, torch.device)  # accelerate's hints allow None, its state has one
    if device is None:
        return found
    kind, _, number = device.partition(":")
    if kind != found.type or (number and number != str(found.index or 0)):
        raise NotSupportedError(
            f"device {device!r}: training runs on {str(found)!r}, which accelerate has found. Leave "
            "the device out, or pass 'cpu'; of several GPUs, CUDA_VISIBLE_DEVICES chooses one"
        )
    return found


def accelerator_for(device: str | None, precision: str) -> Accelerator:
    """What a stage of this precision trains with.

    Raises:
        NotSupportedError: for a device that is not there, or that cannot train in ``precision``.
    """
    on_cpu = training_device(device).type == "cpu"
    if on_cpu and precision == "fp16":
        raise NotSupportedError("precision fp16 needs a GPU: on the CPU train in bf16 or no")
    # Accelerate keeps one precision per program; the stage before may have had another one.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision=precision,
        cpu=on_cpu,
        # Of several processes: what one stage does not train, or one step does not use.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
