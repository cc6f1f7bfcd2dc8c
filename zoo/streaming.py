"""A sound that comes in pieces: sessions that encode or decode what is final."""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .engine.checks import check_tokens, chosen_prefix, need_verb
from .engine.noise import Noise, item_seeds
from .engine.options import checked_options, known_options
from .engine.provenance import made_by
from .engine.stepping import stepping
from .errors import MediaError, NotSupportedError, TokenError
from .media import Media, restore_audio, sources
from .media.audio_array import MOST_CHANNELS, as_array, from_array
from .media.audio_prepare import mix
from .tokens import Origin, Tokens

if TYPE_CHECKING:
    from .audio_tokenizer import AudioTokenizer


class Session:
    """One sound on its way, in one direction; ``tok.streaming()`` makes it.

    ``Tokens.join`` of all that ``encode`` and ``flush`` gave is what ``tok.encode`` gives for the
    whole, and the samples of all that ``decode`` and ``flush`` gave are those of ``tok.decode`` for
    the joined tokens, however the sound is cut. What later pieces need is kept here and not in the
    tokenizer: any number of sessions may be under way.
    """

    def __init__(
        self,
        tok: "AudioTokenizer",
        *,
        prefix: int | None,
        bitrate: float | None,
        seed: int,
        options: Mapping[str, object],
    ) -> None:
        self.tok = tok
        known_options("streaming", options, tok._encode_options | tok._decode_options, tok.name)
        self._quality = chosen_prefix(tok, prefix, bitrate)
        self._noise = Noise(item_seeds(seed, 1))
        self._options = options
        self._way: _Encoding | _Decoding | None = None
        self._over = False

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._way, self._over = None, True

    def encode(self, chunk: object) -> Tokens:
        """The ids that are final with the next samples, maybe of no position.

        Args:
            chunk: an array or tensor [samples] or [channels, samples] at the model's rate, of any
                length, 0 too; or whatever ``tok.encode`` takes as one sound, at that rate. An array
                [samples, channels], as audio devices give it: ``chunk.T``, or ``(chunk, rate)``.

        Raises:
            MediaError: for another rate or other channels than before, or what is no sound.
            NotSupportedError: in a session that decodes, and after ``flush``.
        """
        if not isinstance(way := self._go(_Encoding), _Encoding):
            raise NotSupportedError("this session decodes; open another one to encode")
        return way.push(chunk)

    def decode(self, tokens: Tokens) -> Media:
        """The sound that is final with the next ids, maybe of no samples.

        Raises:
            TokenError: for tokens of another code space, or of more than one item.
            NotSupportedError: in a session that encodes, and after ``flush``.
        """
        if not isinstance(way := self._go(_Decoding), _Decoding):
            raise NotSupportedError("this session encodes; open another one to decode")
        return way.push(tokens)

    def flush(self) -> Tokens | Media:
        """What is left at the end of the sound; the session is over then.

        Raises:
            NotSupportedError: if nothing was encoded or decoded before.
        """
        if self._over:
            raise NotSupportedError("this session is over; open another one")
        if self._way is None:
            raise NotSupportedError("nothing to flush: nothing was encoded or decoded")
        way, self._way, self._over = self._way, None, True
        return way.flush()

    def _go(self, kind: "type[_Encoding] | type[_Decoding]") -> "_Encoding | _Decoding":
        if self._over:
            raise NotSupportedError("this session is over; open another one")
        if self._way is None:
            self._way = kind(self.tok, self._quality, self._noise, self._options)
        return self._way


class _Encoding:
    def __init__(
        self,
        tok: "AudioTokenizer",
        prefix: int | None,
        noise: Noise,
        options: Mapping[str, object],
    ) -> None:
        need_verb(tok, "encode")
        chosen = checked_options("encode", options, tok._encode_options, tok.name)
        self.tok = tok
        steps = tok._encode_steps(prefix=prefix, noise=noise, **chosen)
        self.step = stepping(steps, tok.name, tok.device)
        self.made = made_by(tok, chosen)
        self.channels: int | None = None
        self.samples = self.positions = self.told = 0

    def push(self, chunk: object) -> Tokens:
        sound = self._read(chunk)
        self.samples += sound.shape[1]
        assert isinstance(self.tok.channels, int)
        return self._tokens(self._run(mix(sound, self.tok.channels), False))

    def flush(self) -> Tokens:
        ids = self._run(torch.zeros(self.tok.channels, 0), True)
        return self._tokens(ids, last=True)

    def _run(self, sound: Tensor, last: bool) -> Tensor:
        return self.step(sound[None], last)

    def _read(self, chunk: object) -> Tensor:
        rate = self.tok.sample_rate
        if isinstance(chunk, Tensor | np.ndarray | list):
            array = as_array(chunk)
            sound = torch.zeros(1, 0) if 0 in array.shape else from_array(array, "ct")
            if sound.shape[0] > MOST_CHANNELS:
                raise MediaError(
                    f"a chunk is [channels, samples]; shape {list(array.shape)} has "
                    f"{sound.shape[0]} channels: pass chunk.T if it is [samples, channels], else "
                    f"Media('audio', [chunk], rate={rate})"
                )
        else:
            found = sources(chunk, "audio")
            if len(found) != 1:
                raise MediaError(f"a session takes one sound, got {len(found)}")
            media = found[0].load()
            if media.rate != rate:
                raise MediaError(
                    f"a chunk at {media.rate} Hz; {self.tok.name} streams {rate} Hz: resample "
                    "the stream first (pieces resampled one by one would not fit together)"
                )
            sound = media.items[0]
        if sound.shape[1]:  # else nobody knows how many there are
            self.channels = self.channels or sound.shape[0]
            if sound.shape[0] != self.channels:
                raise MediaError(f"a chunk of {sound.shape[0]} channels after {self.channels}")
        return sound

    def _tokens(self, ids: Tensor, last: bool = False) -> Tokens:
        """Ids with their share of the samples, as ``Tokens.crop`` would cut the whole."""
        self.positions += ids.shape[-1]
        end = self.samples if last else min(self.tok.spec.samples(self.positions), self.samples)
        share, self.told = end - self.told, end
        origin = Origin(
            samples=share,
            rate=self.tok.sample_rate,
            out_samples=share,
            channels=self.channels or self.tok.channels,
        )
        return Tokens(
            ids, spec=self.tok.spec, space=self.tok.space, origin=[origin], made_by=self.made
        )


class _Decoding:
    def __init__(
        self,
        tok: "AudioTokenizer",
        prefix: int | None,
        noise: Noise,
        options: Mapping[str, object],
    ) -> None:
        need_verb(tok, "decode")
        chosen = checked_options("decode", options, tok._decode_options, tok.name)
        self.tok = tok
        self.step = stepping(tok._decode_steps(noise=noise, **chosen), tok.name, tok.device)
        self.prefix = prefix
        self.held: Tensor | None = None  # decoded, but maybe beyond the sound's end
        self.told = 0
        self.wanted: int | None = 0  # samples that the origins of all tokens promise

    def push(self, tokens: Tokens) -> Media:
        check_tokens(self.tok, tokens)
        if len(tokens) != 1:
            raise TokenError(f"a session decodes one sound, got tokens of {len(tokens)}")
        if self.prefix is not None:
            tokens = tokens.prefix(self.prefix)
        (origin,) = tokens.origin
        share = None if origin is None else origin.out_samples
        self.wanted = None if share is None or self.wanted is None else self.wanted + share
        self._run(tokens.codes, False)
        return self._media(last=False)

    def flush(self) -> Media:
        slots = self.tok.spec.num_slots
        self._run(torch.zeros(1, slots, 0, dtype=torch.int64), True)
        return self._media(last=True)

    def _run(self, codes: Tensor, last: bool) -> None:
        found = self.step(codes, last)[0].float().clamp(-1, 1).cpu()
        self.held = found if self.held is None else torch.cat([self.held, found], dim=1)

    def _media(self, last: bool) -> Media:
        assert self.held is not None
        left = None if self.wanted is None else self.wanted - self.told
        count = self.held.shape[1] if left is None else min(left, self.held.shape[1])
        now, self.held = self.held[:, :count], self.held[:, count:]
        if last and left is not None:
            now = restore_audio(now, Origin(out_samples=left))
        self.told += now.shape[1]
        return Media("audio", [now], rate=self.tok.card.output.sample_rate)
