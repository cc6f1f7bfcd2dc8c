"""The steps of a session: on the tokenizer's device, and none after one that failed."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import NotSupportedError
from .precision import full_fp32

Step = Callable[[Tensor, bool], Tensor]
"""(the next piece, whether it is the last) -> what is final now. Pieces may be empty.

Encoding: [1, channels, samples] -> ids [1, slot, position]. Decoding: the other way round.
"""


def stepping(step: Step | None, name: str, device: torch.device) -> Step:
    """``step`` of tokenizer ``name``, for pieces that the caller may write over afterwards.

    Raises:
        NotSupportedError: where there is no such step; by the steps, once one of them has failed.
    """
    if step is None:
        raise NotSupportedError(f"{name} cannot stream in this direction")
    broken = ""

    def run(piece: Tensor, last: bool) -> Tensor:
        nonlocal broken
        if broken:
            raise NotSupportedError(
                f"this session broke off in the middle of a step ({broken}): some layers have had "
                "the piece and some have not; open another one and begin anew"
            )
        try:
            # What is kept must be good under whatever mode the next piece comes in.
            with torch.inference_mode(False), torch.no_grad(), full_fp32(device):
                return step(piece.to(device, copy=True), last)
        except BaseException as error:
            broken = repr(error)
            raise

    return run
