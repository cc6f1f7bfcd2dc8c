"""Pictures through a tokenizer, without a page: encoded once, decoded at any length."""

import math
from dataclasses import dataclass

from PIL import Image

from zoo.media import Media
from zoo.media.image import to_pil
from zoo.media.psnr import psnr
from zoo.tokens import Tokens

from .drawing import difference, enlarged, ids_picture
from .limits import LIMITS
from .loaded import tokenizer
from .quality import legal


@dataclass(frozen=True)
class Encoded:
    """One picture's tokens, and what the model saw of it."""

    model: str
    tokens: Tokens
    seen: Media


@dataclass(frozen=True)
class Figures:
    """What a reconstruction costs and is worth."""

    ids: int
    bits: float
    psnr: float | None
    """In dB against what the model saw; None where nothing differs or cannot be compared."""
    ratio: float
    """Bits of the model's pixels at 24 bits each over bits of ids."""

    @property
    def text(self) -> str:
        """For people."""
        quality = "no error" if self.psnr is None else f"{self.psnr:.1f} dB PSNR"
        return (
            f"**{self.ids}** ids · **{self.bits:,.0f}** bits · **{quality}** · "
            f"**{self.ratio:,.0f}** times smaller than the pixels"
        )


@dataclass(frozen=True)
class Rebuilt:
    """Pictures to show."""

    seen: Image.Image
    made: Image.Image
    difference: Image.Image
    ids: Image.Image
    figures: Figures


def encode(path: str, model: str) -> Encoded:
    """Encode an uploaded picture; ZooError for what is none, or too large."""
    picture, tok = LIMITS.read(path, "image"), tokenizer(model)
    return Encoded(model, tok.encode(picture), tok.view(picture))


def rebuild(encoded: Encoded, wanted: float | None = None, seed: int = 0) -> Rebuilt:
    """Decode the first ids; nothing is encoded again."""
    tok = tokenizer(encoded.model)
    prefix = legal(tok, wanted)
    kept = encoded.tokens if prefix is None else encoded.tokens.prefix(prefix)
    decoded = tok.decode(kept, seed=seed, native=True)
    seen, made = to_pil(encoded.seen.items[0]), to_pil(decoded.items[0])
    return Rebuilt(
        seen=enlarged(seen),
        made=enlarged(made),
        difference=enlarged(difference(seen.resize(made.size), made)),
        ids=ids_picture(encoded.tokens, kept),
        figures=figures(kept, encoded.seen, decoded),
    )


def figures(tokens: Tokens, seen: Media, decoded: Media) -> Figures:
    """Of one picture."""
    bits = float((tokens.bits() + tokens.extra_bits())[0])
    quality = psnr(seen.items[0], decoded.items[0])
    return Figures(
        ids=int((tokens.codes >= 0).sum()),
        bits=bits,
        psnr=quality if math.isfinite(quality) else None,
        ratio=8 * seen.items[0].numel() / bits if bits else math.inf,
    )
