"""What goes in and what it is compared with, per modality."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

import zoo
from zoo.errors import MediaError
from zoo.media.audio_prepare import fit, mix
from zoo.media.image import canonical
from zoo.tokens import Tokens

from ..metrics import Pair
from .setup import Setup


class Entrance(NamedTuple):
    """Items to encode, and per item what its reconstruction is compared with."""

    media: object
    references: Sequence[Tensor]
    rates: Sequence[int | None]


class Ends(ABC):
    """Both ends of a reconstruction."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.tok = setup.tok
        known = setup.tok.prepare_options
        self._prepare = {name: value for name, value in setup.encode.items() if name in known}

    @property
    def settings(self) -> dict[str, Any]:
        """What the comparison depends on, as plain JSON."""
        return {"reference": "what the model saw"}

    def read(self, data: bytes) -> object:
        """Encoded bytes -> one item that encode takes.

        Raises:
            MediaError: for what cannot be decoded.
        """
        return zoo.read(data, self.tok.modality)

    def enter(self, media: Sequence[Any]) -> Entrance:
        """Prepare items as the checkpoint asks; the reference is what the model sees."""
        seen = self.tok.view(list(media), **self._prepare)
        return Entrance(seen, seen.items, seen.rates or (None,) * len(seen))

    def leave(self, tokens: Tokens, seeds: Sequence[int]) -> Sequence[Tensor]:
        """Decode at the model's own size."""
        return self.tok.decode(
            tokens, seed=seeds, native=True, batch_size=self.setup.batch_size, **self.setup.decode
        ).items

    @abstractmethod
    def pair(self, reference: Tensor, decoded: Tensor, rate: int | None) -> Pair:
        """Reference and reconstruction in one shape."""

    @abstractmethod
    def size(self, reference: Tensor, rate: int | None) -> dict[str, float]:
        """``pixels`` and ``seconds``, as far as the item has them."""


class ImageEnds(Ends):
    """Pictures, compared at the size that the model saw."""

    def pair(self, reference: Tensor, decoded: Tensor, rate: int | None) -> Pair:
        """A reconstruction of another size (SEED's is) is brought to the reference's."""
        return Pair(reference, sized(decoded, reference))

    def size(self, reference: Tensor, rate: int | None) -> dict[str, float]:
        """How much there is of it."""
        return {"pixels": reference.shape[-1] * reference.shape[-2]}


class SoundEnds(Ends):
    """Sound, compared at the model's rate, or at the rate and channels that it came with."""

    def __init__(self, setup: Setup, at: str) -> None:
        super().__init__(setup)
        self.at = at

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        found = {"model": "what the model saw", "input": "the input as it was read"}
        return {"reference": found[self.at]}

    def enter(self, media: Sequence[Any]) -> Entrance:
        """Prepare items, or take them as they came."""
        if self.at == "model":
            return super().enter(media)
        return Entrance(list(media), [one.items[0] for one in media], [one.rate for one in media])

    def leave(self, tokens: Tokens, seeds: Sequence[int]) -> Sequence[Tensor]:
        """Decode to as many samples as the reference has."""
        return self.tok.decode(
            tokens, seed=seeds, rate=self.at, batch_size=self.setup.batch_size, **self.setup.decode
        ).items  # pyright: ignore[reportCallIssue]

    def pair(self, reference: Tensor, decoded: Tensor, rate: int | None) -> Pair:
        """Channels of the reference are mixed where the model has fewer."""
        if reference.shape[0] != decoded.shape[0]:
            reference, decoded = mix(reference, 1), mix(decoded, 1)
        return Pair(reference, fit(decoded, reference.shape[1]), rate=rate)

    def size(self, reference: Tensor, rate: int | None) -> dict[str, float]:
        """How much there is of it."""
        assert rate is not None
        return {"seconds": reference.shape[-1] / rate}


class VideoEnds(Ends):
    """Videos, compared on the frames that the model saw, at the size that it saw."""

    def read(self, data: bytes) -> object:
        """The bytes themselves: a video is decoded frame by frame when it is prepared."""
        return data

    def enter(self, media: Sequence[Any]) -> Entrance:
        """The reference is what the model sees; what it is made from goes in."""
        seen = self.tok.view(list(media), **self._prepare)
        return Entrance(list(media), seen.items, (None,) * len(seen))

    def pair(self, reference: Tensor, decoded: Tensor, rate: int | None) -> Pair:
        """Frames that only fill the last window are left out."""
        if len(decoded) < len(reference):
            raise MediaError(f"{len(decoded)} frames came back of {len(reference)}")
        frames = [sized(a, b) for a, b in zip(decoded, reference, strict=False)]
        return Pair(reference, torch.stack(frames))

    def size(self, reference: Tensor, rate: int | None) -> dict[str, float]:
        """How much there is of it."""
        return {
            "frames": len(reference),
            "pixels": len(reference) * reference.shape[-1] * reference.shape[-2],
        }


def sized(picture: Tensor, reference: Tensor) -> Tensor:
    """A picture [3, height, width] brought to the reference's size, as decode restores a size."""
    if picture.shape == reference.shape:
        return picture
    scaled = interpolate(
        canonical(picture)[None], size=reference.shape[1:], mode="bicubic", antialias=True
    )
    return scaled[0].clamp(0, 1)
