"""What image families share: preparing as the card says, the model's pixel range, restoring."""

from abc import ABC
from collections.abc import Callable

from torch import Tensor

from .cards import ImageInput
from .media import ImagePrepare, Prepared, restore_image
from .media.pixels import PixelScale
from .tokenizer import Tokenizer
from .tokens import Origin


class ImageTokenizer(Tokenizer, ABC):
    """A tokenizer of images whose card gives size, fit, interpolation, mean and std."""

    @property
    def input(self) -> ImageInput:
        """What the card says of the pictures that go in."""
        given = self.card.input
        assert isinstance(given, ImageInput)
        return given

    @property
    def prepare(self) -> Callable[..., Prepared]:
        """Resize and crop as the card says."""
        return ImagePrepare(self.input.size, self.input.fit, self.input.interpolation)

    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """Back to the size of the part of the original that the model saw."""
        return restore_image(item, origin, native, input_size=self.input.size)

    def normalized(self, batch: Tensor) -> Tensor:
        """Prepared images, uint8 or 0..1 -> (x - mean) / std in the weights' number format."""
        return self._scale.normalized(batch).to(self.dtype)

    def pixels(self, images: Tensor) -> Tensor:
        """The inverse: a network's images -> float32 in 0..1, clamped."""
        return self._scale.pixels(images)

    @property
    def _scale(self) -> PixelScale:
        return PixelScale(self.input.mean, self.input.std)
