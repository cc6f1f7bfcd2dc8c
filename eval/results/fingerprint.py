"""Which data were scored, byte for byte: results of other data are not comparable."""

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor

from zoo.media.image import to_uint8


def item_sha256(item: Tensor, modality: str) -> str:
    """The hash of a prepared item: its shape, then its values in 8 bits (sound: in 16).

    Rounding keeps the hash where another machine's resampling differs in the last float digit;
    values that lie at a rounding edge may still change it.
    """
    if modality == "audio":
        rounded = item.mul(32767).round().clamp(-32768, 32767).to(torch.int16)
    else:
        rounded = to_uint8(item)
    digest = hashlib.sha256(str(list(item.shape)).encode())
    digest.update(rounded.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def fingerprint(samples: Iterable[tuple[str, str]]) -> str:
    """The hash of a data set: over ``id<tab>sha256<newline>`` of its samples, sorted by id."""
    lines = "".join(f"{name}\t{digest}\n" for name, digest in sorted(samples))
    return hashlib.sha256(lines.encode()).hexdigest()
