"""Where training runs: on what accelerate finds, or not at all."""

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.state import AcceleratorState

from ..errors import NotSupportedError


def training_device(device: str | None) -> torch.device:
    """The device of this process: what accelerate finds, or the CPU when asked for.

    Raises:
        NotSupportedError: when ``device`` is another one.
    """
    found = PartialState(cpu=device == "cpu").device
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
    if training_device(device).type == "cpu" and precision == "fp16":
        raise NotSupportedError("precision fp16 needs a GPU: on the CPU train in bf16 or no")
    # Accelerate keeps one precision per program; the stage before may have had another one.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision=precision,
        cpu=device == "cpu",
        # Of several processes: what one stage does not train, or one step does not use.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
