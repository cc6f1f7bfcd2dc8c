"""From noise to latents: uniform Euler steps, classifier-free and normalised guidance.

Source: upstream ``flow_matching/pipelines.py`` and ``cfg_utils.py`` (apple/ml-flextok 87d00cc);
normalised guidance: Sadat et al. 2024, arXiv 2410.02416 (APG).
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .decoder import Condition, FlowDecoder

APG_MOMENTUM = -0.5
APG_THRESHOLD = 2.5


@dataclass
class NormalizedGuidance:
    """Guidance whose push is momentum-smoothed, clipped in length and orthogonal to its aim."""

    average: Tensor | float = field(default=0.0)  # unclipped, kept from step to step

    def __call__(self, conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
        """Velocities [b, c, h, w] -> guided velocity."""
        axes = tuple(range(1, conditional.ndim))
        self.average = (conditional - unconditional) + APG_MOMENTUM * self.average
        length = torch.linalg.vector_norm(self.average, dim=axes, keepdim=True)
        push = self.average * (APG_THRESHOLD / length).clamp(max=1)
        aim = torch.nn.functional.normalize(conditional.double().flatten(1), dim=1)
        along = (push.double().flatten(1) * aim).sum(1, keepdim=True) * aim
        across = push.double() - along.view_as(push)
        return conditional + (scale - 1) * across.to(conditional.dtype)


def plain_guidance(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance: away from the unconditional velocity."""
    return unconditional + scale * (conditional - unconditional)


def sample(
    decoder: FlowDecoder,
    noise: Tensor,
    condition: Condition,
    *,
    steps: int,
    guidance_scale: float,
    normalized_guidance: bool,
) -> Tensor:
    """Noise [b, c, h, w] -> latents [b, c, h, w] in fp32. A scale of exactly 1 is no guidance."""
    times = torch.arange(steps, 0, -1, device=noise.device) / steps
    schedule = decoder.modulations(times)
    guided = guidance_scale != 1.0
    null = decoder.unconditional(len(noise)) if guided else None
    guide = NormalizedGuidance() if normalized_guidance else plain_guidance
    latents = noise.float()
    weights = decoder.head.weight.dtype
    for step in range(steps):
        rows = [table[step, None] for table in schedule]
        noised = latents.to(weights)
        velocity = decoder(noised, condition, rows).float()
        if null is not None:
            velocity = guide(velocity, decoder(noised, null, rows).float(), guidance_scale)
        latents = latents - velocity / steps
    return latents
