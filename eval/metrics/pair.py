"""What per-sample metrics compare: a reference and its reconstruction."""

from dataclasses import dataclass

from torch import Tensor

from zoo.media.image import canonical


@dataclass(frozen=True)
class Pair:
    """One item as the model saw it, and as it came back; both on the CPU and of one shape.

    Pictures are [3, height, width] and videos [frame, 3, height, width], uint8 or float in 0..1;
    sound is float [channels, samples] in -1..1 at ``rate`` Hz.
    """

    reference: Tensor
    decoded: Tensor
    rate: int | None = None
    fps: float | None = None
    sample: str | None = None
    """Its id, for metrics that know more about a sample than its media."""

    def pixels(self) -> tuple[Tensor, Tensor]:
        """Both in float64 and 0..1; [frame, 3, height, width], a picture is one frame."""
        both = (canonical(item).double() for item in (self.reference, self.decoded))
        first, second = (item[None] if item.ndim == 3 else item for item in both)
        return first, second

    def mono(self) -> tuple[Tensor, Tensor]:
        """Both as float64 [samples], channels mixed by their mean."""
        return self.reference.double().mean(0), self.decoded.double().mean(0)
