"""From an image of any size to one of the sizes that a checkpoint's ids are defined for."""

from dataclasses import dataclass
from typing import Annotated

from zoo.engine.options import Option
from zoo.errors import NotSupportedError
from zoo.media import ImagePrepare, Prepared
from zoo.media.prepare import DECODERS, FITS, INTERPOLATIONS


@dataclass(frozen=True)
class TokenFlowPrepare:
    """:class:`zoo.media.ImagePrepare` for one of several square sizes; can be pickled."""

    sizes: tuple[int, ...]
    """Sides in pixels, the usual one first."""
    fit: str
    interpolation: str

    def __call__(
        self,
        item: object,
        *,
        size: Annotated[
            int | None, Option("side in pixels; CLIP checkpoints: 256, or 224 for fewer ids")
        ] = None,
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
        side = self.sizes[0] if size is None else size
        if side not in self.sizes:
            known = " or ".join(map(str, self.sizes))
            raise NotSupportedError(f"encode: size={side}; this checkpoint takes {known}")
        prepare = ImagePrepare((side, side), fit or self.fit, interpolation or self.interpolation)
        return prepare(item, decoder=decoder, layout=layout)
