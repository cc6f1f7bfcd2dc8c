"""Images: what is accepted, how an item is stored, written and shown (see ``kinds``)."""

import base64
from io import BytesIO
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..errors import MediaError
from .image_array import from_array
from .image_file import from_pil, from_stream
from .media import Media
from .streams import is_encoded, open_stream

BATCH_AXES = 4

_FORMATS: dict[str, tuple[str, dict[str, int]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95}),
    ".jpeg": ("JPEG", {"quality": 95}),
    ".webp": ("WEBP", {"quality": 95}),
    ".avif": ("AVIF", {"quality": 90}),
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {}),
    ".bmp": ("BMP", {}),
}


def load(value: object, layout: str | None = None) -> Media:
    """One image of any accepted kind as a batch of one."""
    if isinstance(value, Media):
        pixels = value.items[0].cpu()
        if pixels.dtype != torch.uint8:  # its maker promised 0..1; here it is checked
            pixels = from_array(pixels, "chw")
    elif isinstance(value, Image.Image):
        pixels = from_pil(value)
    elif is_encoded(value):
        with open_stream(value) as stream:
            pixels = from_stream(stream)
    elif isinstance(value, Tensor) or hasattr(value, "__array__"):
        pixels = from_array(value, layout)
    else:
        raise MediaError(
            f"{type(value).__name__} is not an image; expected a path, bytes, a file object, a "
            "PIL image, a numpy array, a tensor, Media, or a list of these"
        )
    return Media("image", [pixels])


open = load
"""An image is small enough to be decoded before it is prepared."""


def check(item: Tensor) -> Tensor:
    """An item as it is stored: [3, height, width], uint8 or float32."""
    if item.ndim != 3 or item.shape[0] != 3 or 0 in item.shape:
        raise MediaError(f"an image item has shape [3, height, width], not {list(item.shape)}")
    if item.dtype == torch.uint8:
        return item
    if not item.is_floating_point():
        raise MediaError(f"an image item is uint8 or float in 0..1, not {item.dtype}")
    return item.float()


def canonical(item: Tensor) -> Tensor:
    """An item as float32 in 0..1."""
    return item.float().div(255) if item.dtype == torch.uint8 else item


def to_uint8(item: Tensor) -> Tensor:
    """An item rounded to 8 bits; values outside 0..1 are clamped, NaN is a MediaError."""
    if item.dtype == torch.uint8:
        return item
    if bool(item.isnan().any()):
        raise MediaError("the image contains NaN")
    return item.mul(255).round().clamp(0, 255).to(torch.uint8)


def to_pil(item: Tensor) -> Image.Image:
    """An item as a PIL image of mode RGB."""
    return Image.fromarray(to_uint8(item).permute(1, 2, 0).contiguous().cpu().numpy())


def suffixes() -> tuple[str, ...]:
    """The file suffixes that can be written, the usual one first."""
    return tuple(_FORMATS)


def write(one: Media, path: Path) -> None:
    """Write the item in the format that the suffix names."""
    item = one.items[0]
    name, options = _FORMATS[path.suffix.lower()]
    try:
        to_pil(item).save(path, format=name, **options)
    except (
        KeyError,
        ValueError,
    ) as error:  # a Pillow without this codec, an image too large for it
        raise MediaError(f"Pillow cannot write this image as {name} ({error})") from error


def png(item: Tensor) -> bytes:
    """An item as the bytes of a PNG file."""
    stream = BytesIO()
    to_pil(item).save(stream, format="PNG")
    return stream.getvalue()


def html(one: Media) -> str:
    """The item as an HTML image that needs no file."""
    data = base64.b64encode(png(one.items[0])).decode()
    return f'<img style="margin: 2px" src="data:image/png;base64,{data}">'
