"""Classical codecs on the same samples: what the bits of a tokenizer buy elsewhere."""

from collections.abc import Callable

from .base import Anchor, Setting
from .moving import av1, h264
from .picture import avif, jpeg, webp
from .sound import opus

ANCHORS: dict[str, dict[str, Callable[[], Anchor]]] = {
    "image": {"jpeg": jpeg, "webp": webp, "avif": avif},
    "audio": {"opus": opus},
    "video": {"h264": h264, "av1": av1},
}
"""By modality and name."""

__all__ = ["ANCHORS", "Anchor", "Setting"]
