"""From a decoded image back to the size and place that the input had."""

from torch import Tensor
from torch.nn.functional import interpolate

from ..tokens.origin import Origin


def restore_image(
    image: Tensor,
    origin: Origin | None,
    native: bool = False,
    *,
    input_size: tuple[int, int] | None = None,
) -> Tensor:
    """Scale a decoded image [3, height, width] in 0..1 to the part of the input it shows.

    A centre crop comes back at the size of its rectangle in the original, a squashed or padded
    picture at the original's size, the padding cut away. Without an origin, or with ``native``,
    the image is returned as it is. Resized by antialiased bicubic interpolation of floats, on
    the CPU whatever the device, so that every device gives the same pixels; clamped to 0..1.

    ``input_size`` (height, width) is the size the model saw, where it decodes to another one:
    ``origin.canvas`` is in its pixels.
    """
    if native or origin is None or origin.size is None:
        return image
    if origin.canvas is not None:
        image = _cut(image, origin.canvas, input_size or (image.shape[1], image.shape[2]))
    size = origin.size if origin.rect is None else origin.rect[2:]
    if tuple(image.shape[1:]) == tuple(size):
        return image
    scaled = interpolate(
        image.cpu().float()[None], size=tuple(size), mode="bicubic", antialias=True
    )
    return scaled[0].clamp(0, 1).to(image.device)


def _cut(image: Tensor, canvas: tuple[int, int, int, int], seen: tuple[int, int]) -> Tensor:
    height, width, top, left = canvas
    down, across = image.shape[1] / seen[0], image.shape[2] / seen[1]
    first, start = int(top * down), int(left * across)
    rows, columns = max(1, round(height * down)), max(1, round(width * across))
    return image[:, first : first + rows, start : start + columns]
