"""What families of sound share: preparing as the card says, whole frames, exact lengths."""

from abc import ABC
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .cards import AudioInput
from .engine.stepping import Step
from .errors import NotSupportedError
from .media import AudioPrepare, Media, Prepared, restore_audio
from .media.audio_prepare import own_rate
from .streaming import Session
from .tokenizer import Encoded, Tokenizer
from .tokens import Origin, Tokens

RATES = ("model", "input")


class AudioTokenizer(Tokenizer, ABC):
    """A tokenizer of sound whose card gives sample rate and channels.

    A family that can go on piece by piece writes ``_encode_steps`` and ``_decode_steps``, or one of
    them: with these long sounds are computed in pieces of ``piece_seconds``, and where the card
    says ``streamable``, ``streaming`` runs on them too.
    """

    piece_seconds: float | None = 20.0
    """Sounds of more than two such pieces are computed piece by piece, with equal results, so that
    memory stays bounded; None: all at once."""

    @property
    def channels(self) -> int:
        """Channels of the sound that the model takes."""
        given = self.card.input
        assert isinstance(given, AudioInput)
        return given.channels

    @property
    def prepare(self) -> Callable[..., Prepared]:
        """Mix and resample as the card says."""
        given = self.card.input
        assert isinstance(given, AudioInput)
        return AudioPrepare(given.sample_rate, given.channels, self.card.output.sample_rate)

    def nothing(self, item: int) -> Tensor:
        """A sound of no samples."""
        return torch.zeros(self.card.output.channels or self.channels, 0)

    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """As many samples as the model saw, in -1..1."""
        return restore_audio(item, origin, native)

    def decode(self, tokens: Tokens, *, rate: object = "model", **arguments: Any) -> Media:
        """Turn ids back into sound, as :meth:`zoo.Tokenizer.decode`.

        ``rate="input"`` brings each item back to the sample rate and the number of samples that it
        came with; items whose origin does not know them stay as they are, and so does all with
        ``native``.
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
        rates = [own_rate(origin) or own for _, origin in pairs]
        return Media("audio", items, rate=rates)

    def streaming(
        self,
        *,
        prefix: int | None = None,
        bitrate: float | None = None,
        seed: int = 0,
        **options: object,
    ) -> Session:
        """A session that encodes or decodes one sound chunk by chunk, with the whole's result.

        ``prefix`` and ``bitrate`` are those of ``encode``; a session that decodes cuts the tokens
        that it gets to that quality. ``options`` are those of the verb.

        Raises:
            NotSupportedError: where the tokenizer needs the whole sound, or for an unknown option.
            TokenError: for an illegal prefix.
        """
        if not self.streamable:
            raise NotSupportedError(f"{self.name} cannot stream: it needs what comes later")
        return Session(self, prefix=prefix, bitrate=bitrate, seed=seed, options=options)

    def _encode_steps(self, *arguments: Any, **options: Any) -> Step | None:
        """A function that encodes one sound piece by piece; None: it needs the whole sound.

        It is called with (sound [1, channels, samples], last) and gives the ids [1, slot, position]
        that are final. All that it keeps is its own. Keywords here: those of ``_encode`` but
        ``lengths``.
        """
        return None

    def _decode_steps(self, *arguments: Any, **options: Any) -> Step | None:
        """The same for ids [1, slot, position], -1 for none -> sound [1, channels, samples].

        Keywords: ``noise`` and the options of ``_decode``.
        """
        return None

    def is_long(self, size: int, verb: str) -> bool:
        """More than two pieces, of samples or of positions."""
        rate = self.sample_rate if verb == "encode" else self.token_rate
        return bool(self.piece_seconds and rate) and size > 2 * self.piece(rate or 1)

    def piece(self, rate: float) -> int:
        """Steps of a piece at so many a second."""
        return max(1, round((self.piece_seconds or 0) * rate))

    def _encode_long(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded | None:
        pieces = self._encode_pieces(batch, *arguments, **options)
        return None if pieces is None else Encoded(torch.cat([*pieces], dim=-1))

    def _decode_long(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor | None:
        for beside in ("lengths", "grid", "extras"):  # one item has none of its own
            options.pop(beside)
        pieces = self._decode_pieces(codes, *arguments, **options)
        return None if pieces is None else torch.cat([one[0].cpu() for one in pieces], dim=-1)

    def _encode_pieces(
        self, batch: Tensor, *arguments: Any, **options: Any
    ) -> Iterator[Tensor] | None:
        """The ids [1, slot, position] of one long sound [1, channels, samples], on the CPU.

        None: it is encoded at once. Keywords are those of ``_encode_steps``, on which this runs
        unless the family has another way.
        """
        step = self._encode_steps(*arguments, **options)
        if step is None:
            return None
        return _through(step, batch, self.piece(self.sample_rate or 1), self.device)

    def _decode_pieces(
        self, codes: Tensor, *arguments: Any, **options: Any
    ) -> Iterator[Tensor] | None:
        """The same for ids [1, slot, position] -> sound [1, channels, samples]."""
        step = self._decode_steps(*arguments, **options)
        if step is None:
            return None
        return _through(step, codes, self.piece(self.token_rate or 1), self.device)

    def _count(self, prepared: Tensor) -> int:
        """Whole positions, and as many as only go together."""
        assert self.spec.hop is not None
        step = self.spec.crop or 1
        return -(-prepared.shape[1] // (self.spec.hop * step)) * step


def _through(step: Step, whole: Tensor, size: int, device: torch.device) -> Iterator[Tensor]:
    pieces = whole.split(size, dim=-1)
    for number, piece in enumerate(pieces, 1):
        yield step(piece.to(device), number == len(pieces))


def whole_frames(batch: Tensor, frame: int) -> Tensor:
    """[item, channels, samples] with zeros at the end up to a multiple of ``frame`` samples."""
    return pad(batch, (0, -batch.shape[-1] % frame))


def frames_of(lengths: Tensor, frame: int) -> Tensor:
    """Frames [item] of ``frame`` samples that sounds of ``lengths`` samples [item] fill or begin."""
    return -(-lengths // frame)


def row_mask(lengths: Tensor, time: int) -> Tensor:
    """bool [item, time]: the first ``lengths`` [item] steps."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]
