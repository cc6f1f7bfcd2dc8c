"""The steps of a session: on the tokenizer's device, and none after one that failed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import NotSupportedError
from .precision import full_fp32

if TYPE_CHECKING:
    from ..audio_tokenizer import AudioTokenizer

Step = Callable[[Tensor, bool], Tensor]
"""(the next piece, whether it is the last) -> what is final now. Pieces may be empty.

Encoding: [1, channels, samples] -> ids [1, slot, position]. Decoding: the other way round.
"""


def stepping(step: Step | None, tok: "AudioTokenizer") -> Step:
    """``step`` for pieces from anywhere, which the caller may write over afterwards.

    Raises:
        NotSupportedError: where there is no such step; by the steps, once one of them has failed.
    """
    if step is None:
        raise NotSupportedError(f"{tok.name} cannot stream in this direction")
    device, broken = tok.device, ""

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
