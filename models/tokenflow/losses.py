"""The terms of TokenFlow's training loss.

Source: upstream ``vq_model.py`` and ``vq_loss.py`` (ByteFlow-AI/TokenFlow 9812da0); hinge loss:
Lim and Ye 2017, arXiv 1705.02894.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .quantizer import Step

TEMPERATURE = 0.01  # of the entropy term
EPS = 1e-5


@dataclass(frozen=True)
class QuantizerLosses:
    """Means over the scales."""

    codebook: Tensor  # upstream's vq: codes drawn to the vectors
    commitment: Tensor  # vectors drawn to the codes
    entropy: Tensor  # every vector sure of its code, all codes in use


def quantizer_losses(
    steps: Sequence[Step], table: Tensor, *, beta: float, entropy: float = 0.0
) -> QuantizerLosses:
    """Losses of quantising one batch, from its steps and the table they chose from.

    ``beta`` weighs the commitment, ``entropy`` the entropy term, which is not computed where it
    weighs nothing (upstream computes it always).
    """
    codebook = [F.mse_loss(step.codes, step.normalized.detach()) for step in steps]
    commitment = [F.mse_loss(step.normalized, step.codes.detach()) for step in steps]
    choice = table.new_zeros(())
    if entropy:
        choice = torch.stack([entropy_loss(step.normalized, table) for step in steps]).mean()
    return QuantizerLosses(
        torch.stack(codebook).mean(), beta * torch.stack(commitment).mean(), entropy * choice
    )


def entropy_loss(vectors: Tensor, table: Tensor) -> Tensor:
    """Mean entropy of each vector's choice less the entropy of the mean choice.

    vectors [b, c, s, s] and table [ids, c], with parts of unit length; a choice is the softmax
    of -distance / temperature. The distance is 4 - 2 (dot product), and 4 falls out.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        logits = 2 / TEMPERATURE * (vectors.flatten(2).transpose(1, 2).flatten(0, 1) @ table.T)
        logs = logits.log_softmax(dim=1)
        choice = logs.exp()
        each = -(choice * logs).sum(1).mean()
        mean = choice.mean(0)
        return each + (mean * (mean + EPS).log()).sum()


def semantic_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """One less the mean cosine of [b, n, d] with the teacher's features."""
    return (1 - F.cosine_similarity(predicted, target, dim=-1)).mean()


def drop_scale(
    scales: Sequence[int], probability: float, random: torch.Generator
) -> tuple[int, ...]:
    """Now and then leave out one scale, any but the first; the finest grid stays what it is."""
    if torch.rand((), generator=random) >= probability or len(scales) < 2:
        return tuple(scales)
    place = int(torch.randint(1, len(scales), (), generator=random))
    return (*scales[:place], *scales[place + 1 :])


def hinge_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises, given its logits."""
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


def hinge_generator_loss(fake: Tensor) -> Tensor:
    """What the generator minimises, given the discriminator's logits."""
    return -fake.mean()
