"""Images through Pillow: files in any of its formats, and PIL images.

What differs from ``Image.open(path).convert("RGB")``: the EXIF orientation is applied, alpha is
laid over white instead of dropped, and 16-bit grey is scaled instead of clipped. ICC profiles
are not applied: pixels are taken as stored. Of an animation the first frame is taken (of a PIL
image the current one).
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ..errors import MediaError
from .image_array import from_array

_ORIENTATION = 0x0112
# EXIF orientation -> axes of [3, height, width] to flip, after swapping the two where it is > 4.
_FLIPS = {2: (2,), 3: (1, 2), 4: (1,), 5: (), 6: (2,), 7: (1, 2), 8: (1,)}

_HEADER = threading.Lock()


def from_stream(stream: BinaryIO, *, fast: bool = False) -> Tensor:
    """Decode an encoded image: uint8 (float32 from a float TIFF) [3, height, width].

    ``fast`` decodes JPEG files with torchvision where it can: the same pixels as long as both
    were built with the same JPEG library.
    """
    try:
        with _quiet():
            image = Image.open(stream)
    except UnidentifiedImageError as error:
        raise MediaError(f"not an image that Pillow can read{_advice(stream)}") from error
    except Image.DecompressionBombError as error:
        raise MediaError(
            f"{error}. If you trust this file, raise PIL.Image.MAX_IMAGE_PIXELS; else shrink it"
        ) from error
    except Exception as error:  # a damaged header reaches us as almost any exception
        raise MediaError(f"cannot be opened as an image ({_text(error)})") from error
    with image:
        if fast and image.format == "JPEG" and image.mode in ("RGB", "L") and 0 not in image.size:
            return _upright(_jpeg_pixels(stream), image)
        return from_pil(image)


def _jpeg_pixels(stream: BinaryIO) -> Tensor:
    from torchvision.io import ImageReadMode, decode_jpeg

    stream.seek(0)
    content = np.frombuffer(stream.read(), np.uint8).copy()
    try:
        return cast(Tensor, decode_jpeg(torch.from_numpy(content), mode=ImageReadMode.RGB))
    except RuntimeError as error:
        raise MediaError(f"the image cannot be decoded ({_text(error)})") from error


def from_pil(image: Image.Image) -> Tensor:
    """The pixels of a PIL image, upright: uint8 (float32 from mode F) [3, height, width]."""
    if 0 in image.size:
        raise MediaError(f"an empty image, {image.width} x {image.height} pixels")
    try:
        image.load()
        return _upright(_pixels(image), image)
    except MediaError:
        raise
    except Exception as error:  # damaged data reach us as almost any exception
        raise MediaError(f"the image cannot be decoded ({_text(error)})") from error


def _pixels(image: Image.Image) -> Tensor:
    if image.mode.startswith("I;16"):
        return from_array(np.asarray(image).astype(np.uint16))
    if image.mode == "I":
        return from_array(_sixteen_bits(image))
    if image.mode == "F":
        return from_array(np.asarray(image))
    if image.has_transparency_data:
        image = image.convert("LA") if image.mode == "La" else image
        return from_array(np.array(image.convert("RGBA")), "hwc")
    # A view with the channels last in memory: going back to Pillow to resize costs no copy.
    image = image if image.mode == "RGB" else image.convert("RGB")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def _sixteen_bits(image: Image.Image) -> np.ndarray:
    """Pillow opens some 16-bit files as 32-bit integers; other such images have no known range."""
    values = np.asarray(image)
    if image.format not in ("PNG", "PPM") or values.min() < 0 or values.max() > 65535:
        raise MediaError(
            "a picture of 32-bit integers (PIL mode I) has no known range; "
            "convert it to 8 bits (mode L) or to a float array in 0..1"
        )
    return values.astype(np.uint16)


def _upright(pixels: Tensor, image: Image.Image) -> Tensor:
    try:
        with _quiet():
            orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # a damaged EXIF block says nothing; the picture is still good
        return pixels
    if orientation not in _FLIPS:
        return pixels
    if orientation > 4:
        pixels = pixels.transpose(1, 2)
    return pixels.flip(_FLIPS[orientation])


def _advice(stream: BinaryIO) -> str:
    stream.seek(4)
    if stream.read(8) in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return " without pillow-heif (pip install pillow-heif; pillow_heif.register_heif_opener())"
    return ""


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow about large images and odd metadata.

    Python's warning filters belong to the process: two threads that change them at once can
    leave them changed, hence the lock. It is held for headers only, never while decoding.
    """
    with _HEADER, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
