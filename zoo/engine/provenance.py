"""Who made tokens, and how: stored and shown, and it blocks nothing."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..version import __version__

if TYPE_CHECKING:
    from ..family import Family

_LIBRARIES = (
    "torch",
    "torchaudio",
    "transformers",
    "diffusers",
    "pillow",
    "soundfile",
    "av",
    "torchcodec",
)


def made_by(tok: "Family", options: Mapping[str, object]) -> dict[str, Any]:
    """Checkpoint, known hashes, options, dtype, device kind and versions, as plain JSON."""
    hashes = {part.name: part.sha256 for part in tok.card.source if part.sha256}
    return {
        "checkpoint": tok.name,
        "id_revision": tok.card.id_revision,
        "sha256": hashes,
        "options": dict(options),
        "dtype": str(tok.dtype).removeprefix("torch."),
        "device": tok.device.type,
        "versions": {"zoo": __version__} | {name: _version(name) for name in _LIBRARIES},
    }


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
