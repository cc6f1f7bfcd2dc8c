"""What families of sound share: preparing as the card says, whole frames, exact lengths."""

from abc import ABC
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .cards import AudioInput
from .errors import NotSupportedError
from .media import AudioPrepare, Media, Prepared, restore_audio
from .tokenizer import Tokenizer
from .tokens import Origin, Tokens

RATES = ("model", "input")


class AudioTokenizer(Tokenizer, ABC):
    """A tokenizer of sound whose card gives sample rate and channels."""

    @property
    def prepare(self) -> Callable[..., Prepared]:
        """Mix and resample as the card says."""
        given = self.card.input
        assert isinstance(given, AudioInput)
        return AudioPrepare(given.sample_rate, given.channels)

    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """As many samples as the model saw, in -1..1."""
        return restore_audio(item, origin, native)

    def decode(self, tokens: Tokens, *, rate: object = "model", **arguments: Any) -> Media:
        """Turn ids back into sound, as :meth:`zoo.Tokenizer.decode`.

        ``rate="input"`` brings each item back to the sample rate and the number of samples that it
        came with; items without an origin stay as they are, and so does all with ``native``.
        """
        if rate not in RATES:
            raise NotSupportedError(f"decode: rate={rate!r}; expected one of {', '.join(RATES)}")
        media = super().decode(tokens, **arguments)
        if rate == "model" or arguments.get("native"):
            return media
        own = media.rate
        assert own is not None
        pairs = list(zip(media.items, tokens.origin, strict=True))
        items = [restore_audio(item, origin, rate=own) for item, origin in pairs]
        rates = [origin.rate if origin and origin.rate else own for _, origin in pairs]
        return Media("audio", items, rate=rates)

    def _count(self, prepared: Tensor) -> int:
        """Whole positions, and as many as only go together."""
        assert self.spec.hop is not None
        step = self.spec.crop or 1
        return -(-prepared.shape[1] // (self.spec.hop * step)) * step


def whole_frames(batch: Tensor, frame: int) -> Tensor:
    """[item, channels, samples] with zeros at the end up to a multiple of ``frame`` samples."""
    return pad(batch, (0, -batch.shape[-1] % frame))


def frames_of(lengths: Tensor, frame: int) -> Tensor:
    """Frames [item] of ``frame`` samples that sounds of ``lengths`` samples [item] fill or begin."""
    return -(-lengths // frame)


def row_mask(lengths: Tensor, time: int) -> Tensor:
    """bool [item, time]: the first ``lengths`` [item] steps."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]
