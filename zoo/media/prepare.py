"""From an image of any size to the one size that a model takes."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from PIL import Image
from torch import Tensor

from ..engine.options import Option
from ..errors import MediaError
from ..tokens.origin import Origin
from . import fits
from .image_file import from_stream
from .sources import sources
from .streams import is_encoded, open_stream

FITS = ("crop", "pad", "squash", "adm-crop")
INTERPOLATIONS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


DECODERS = ("pillow", "torchvision")


class Prepared(NamedTuple):
    """What the model sees, and where it comes from.

    An image is [3, height, width] uint8 or float32 in 0..1, a sound [channels, samples] float32.
    """

    tensor: Tensor
    origin: Origin


@dataclass(frozen=True)
class ImagePrepare:
    """Bring an image to ``size`` (height, width); no weights, can be pickled.

    - ``crop``: resize until the picture just covers the size, cut out the centre; on a square
      size equal to torchvision's ``Resize(s)`` and ``CenterCrop(s)`` on PIL images.
    - ``adm-crop``: the same after ADM (guided-diffusion): first halved with a box filter while
      the short side is at least twice the size. Square sizes only.
    - ``squash``: resize to the size, whatever becomes of the proportions.
    - ``pad``: centre the picture on a grey canvas of the size's proportions, then resize; all of
      the picture is kept, and ``origin.canvas`` says where it lies.

    An image that has the size passes untouched, floats too. Floats that must be resized are
    rounded to 8 bits first. Interpolation: ``bilinear``, ``bicubic`` or ``lanczos``, all
    antialiased.
    """

    size: tuple[int, int]
    fit: str = "crop"
    interpolation: str = "bicubic"

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))
        if min(self.size) < 1:
            raise MediaError(f"size is {self.size}; expected (height, width) of at least 1")
        self._check(self.fit, self.interpolation)

    def __call__(
        self,
        item: object,
        *,
        fit: Annotated[str | None, Option("how the picture meets the size", choices=FITS)] = None,
        interpolation: Annotated[
            str | None, Option("filter of the resize", choices=tuple(INTERPOLATIONS))
        ] = None,
        decoder: Annotated[
            str,
            Option("torchvision: about twice as fast, pixels within 2 of 255", choices=DECODERS),
        ] = DECODERS[0],
        layout: str | None = None,
    ) -> Prepared:
        """Prepare one image: anything that encode accepts as one image."""
        self._check(fit or self.fit, interpolation or self.interpolation)
        fast = decoder == "torchvision"
        image = _fast_image(item) if fast and is_encoded(item) else _image(item, layout)
        return self.fitted(image, fit, interpolation, fast=fast)

    def fitted(
        self,
        image: Tensor,
        fit: str | None = None,
        interpolation: str | None = None,
        *,
        fast: bool = False,
    ) -> Prepared:
        """Prepare one picture in its stored form, [3, height, width] uint8 or float32."""
        fit = fit or self.fit
        resample = fits.Filter(self._check(fit, interpolation or self.interpolation), fast)
        height, width = image.shape[1:]
        rect, canvas = (0, 0, height, width), None
        if (height, width) == self.size:
            pass
        elif fit == "squash":
            image = fits.resize(image, self.size, resample)
        elif fit == "pad":
            image, canvas = fits.pad(image, self.size, resample)
        elif fit == "crop":
            image, rect = fits.crop(image, self.size, resample)
        else:
            image, rect = fits.adm_crop(image, self.size[0], resample)
        return Prepared(image.contiguous(), Origin(size=(height, width), rect=rect, canvas=canvas))

    def _check(self, fit: str, interpolation: str) -> Image.Resampling:
        if fit not in FITS:
            raise MediaError(f"fit is {fit!r}; expected one of: {', '.join(FITS)}")
        if interpolation not in INTERPOLATIONS:
            known = ", ".join(INTERPOLATIONS)
            raise MediaError(f"interpolation is {interpolation!r}; expected one of: {known}")
        if fit == "adm-crop" and self.size[0] != self.size[1]:
            raise MediaError(f"adm-crop is for square sizes, not {self.size}; use fit='crop'")
        return INTERPOLATIONS[interpolation]


def _image(item: object, layout: str | None) -> Tensor:
    found = sources(item, "image", layout=layout)
    if len(found) != 1:
        raise MediaError(f"prepare takes one image at a time, got {len(found)}")
    return found[0].load().items[0]


def _fast_image(item: object) -> Tensor:
    with open_stream(item) as stream:
        return from_stream(stream, fast=True)
