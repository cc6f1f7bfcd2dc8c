"""The Tokenizer base class: everything that is promised for every family."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .engine.checks import check_tokens, chosen_prefix, known_kind, need_encoder, need_verb
from .engine.decode import decode_tokens
from .engine.encode import encode_sources, encode_window, joined, prepare
from .engine.features import features_of
from .engine.noise import checked_noise, item_seeds
from .engine.options import checked_options
from .engine.precision import full_fp32
from .engine.provenance import made_by
from .errors import MediaError, NotSupportedError
from .family import Encoded, Vectors
from .from_elsewhere import FromElsewhere
from .media import Media, Prepared, sources
from .tokens import Tokens

__all__ = ["Encoded", "Tokenizer", "Vectors"]


class Tokenizer(FromElsewhere):
    """What ``zoo.load`` returns: media to ids and back.

    A family subclasses it and writes ``build``, ``prepare``, ``_encode``, ``_decode`` and
    ``restore``; what every tokenizer promises stands here. Calls are re-entrant.
    """

    # the verbs

    @torch.no_grad()
    def encode(
        self,
        media: object,
        *,
        prefix: int | None = None,
        bitrate: float | None = None,
        layout: str | None = None,
        seed: int | Sequence[int] = 0,
        noise: Tensor | None = None,
        batch_size: int | None = None,
        progress: bool = False,
        **options: object,
    ) -> Tokens:
        """Turn media into ids.

        Args:
            media: path, bytes, file object, PIL image, array, tensor, ``(array, rate)`` for
                sound, ``(frames, fps)`` for video, :class:`Media`, or a list of any; a list is a
                batch, sizes may differ.
            prefix: quality to encode at, one of ``tok.prefixes``; equal to
                ``encode(media).prefix(k)``, but computes no more than it needs.
            bitrate: bits per second instead; the nearest prefix not above it is taken.
            layout: axes of an array where they could be either: ``"chw"`` or ``"hwc"`` of images,
                ``"ct"`` or ``"tc"`` of sound, ``"tchw"`` or ``"thwc"`` of video.
            seed: one for all items or one per item; only options that sample use it.
            noise: [item, ...] drawn by the caller instead.
            batch_size: at most 16 items by default, of one shape or, where the family takes sounds
                of different lengths, of similar ones; 1 runs all through one path.
            progress: show a bar.
            options: see ``tok.options``.

        Raises:
            MediaError: naming the item that cannot be read.
            NotSupportedError: for an unknown option or a checkpoint that cannot encode.
            TokenError: for an illegal prefix.
        """
        need_verb(self, "encode")
        chosen = checked_options("encode", options, self._encode_options, self.name)
        quality = chosen_prefix(self, prefix, bitrate)
        items = sources(media, self.modality, layout=layout)
        for_prepare, for_model = self.split_options(chosen)
        return encode_sources(
            self,
            items,
            prefix=quality,
            seeds=item_seeds(seed, len(items)),
            noise=checked_noise(noise, len(items)),
            batch_size=batch_size,
            progress=progress,
            for_prepare=for_prepare,
            for_model=for_model,
        )

    @torch.no_grad()
    def encode_prepared(
        self,
        items: Sequence[Prepared],
        *,
        prefix: int | None = None,
        bitrate: float | None = None,
        seed: int | Sequence[int] = 0,
        batch_size: int | None = None,
        **options: object,
    ) -> Tokens:
        """Encode what ``tok.prepare`` made, in loader workers for example: as :meth:`encode`.

        Options that say how media is prepared are only noted in ``made_by``: they were used.

        Raises:
            NotSupportedError, TokenError: as :meth:`encode`.
            MediaError: for no items at all.
        """
        need_verb(self, "encode")
        if not items:
            raise MediaError("no media: an empty list")
        chosen = checked_options("encode", options, self._encode_options, self.name)
        _, for_model = self.split_options(chosen)
        pieces = [(row, one) for row, item in enumerate(items) for one in self.cut(item)]
        rows, seeds = [row for row, _ in pieces], item_seeds(seed, len(items))
        tokens = encode_window(
            self,
            [piece for _, piece in pieces],
            prefix=chosen_prefix(self, prefix, bitrate),
            seeds=[seeds[row] for row in rows],
            noise=None,
            batch_size=batch_size,
            for_model=for_model,
            made=made_by(self, chosen),
        )
        return joined(tokens, rows)

    @torch.no_grad()
    def decode(
        self,
        tokens: Tokens,
        *,
        seed: int | Sequence[int] = 0,
        noise: Tensor | None = None,
        native: bool = False,
        batch_size: int | None = None,
        progress: bool = False,
        **options: object,
    ) -> Media:
        """Turn ids back into media: the part that the model saw, at its original scale.

        Args:
            tokens: of this tokenizer's code space, at any prefix.
            seed: one for all items or one per item, for decoders that draw noise.
            noise: [item, ...] drawn by the caller instead.
            native: leave the model's own size, which is also what tokens without origin get.
            batch_size: at most 16 items by default.
            progress: show a bar.
            options: see ``tok.options``.

        Raises:
            TokenError: for tokens of another code space, or none at all.
            NotSupportedError: for an unknown option or a checkpoint that cannot decode.
        """
        need_verb(self, "decode")
        chosen = checked_options("decode", options, self._decode_options, self.name)
        check_tokens(self, tokens)
        items = decode_tokens(
            self,
            tokens,
            seeds=item_seeds(seed, len(tokens)),
            noise=checked_noise(noise, len(tokens)),
            native=native,
            batch_size=batch_size,
            progress=progress,
            options=chosen,
        )
        return self.media(items, tokens.origin, self.card.output.sample_rate)

    # vectors

    @torch.no_grad()
    def features(
        self,
        media: object,
        kind: str | None = None,
        *,
        layout: str | None = None,
        batch_size: int | None = None,
        **options: object,
    ) -> Vectors:
        """Continuous vectors before quantisation, for one of ``tok.feature_kinds``.

        A checkpoint that lacks a codebook has them too.

        Sounds may differ in length where the family takes such batches: the tensor is then 0, and
        the mask False, behind an item's end. ``options`` are those of ``encode`` that say how
        media is prepared.

        Raises:
            NotSupportedError: for a kind this family has not.
            MediaError: for an item that cannot be read, or items of shapes that do not go together.
        """
        need_encoder(self)
        kind = known_kind(kind, self.feature_kinds, f"{self.name} features")
        chosen = checked_options("features", options, self.prepare_options, self.name)
        found = sources(media, self.modality, layout=layout)
        return features_of(self, found, kind, batch_size=batch_size, for_prepare=chosen)

    def vectors(self, tokens: Tokens, kind: str | None = None) -> Vectors:
        """What ids stand for, for one of ``tok.vector_kinds``; differentiable, needs no decoder.

        Raises:
            NotSupportedError: for a kind this family has not.
            TokenError: for tokens of another code space.
        """
        kind = known_kind(kind, self.vector_kinds, f"{self.name} vectors")
        check_tokens(self, tokens)
        with full_fp32(self.device):
            return self._vectors(tokens.to(self.device), kind)

    def coded_bits(self, tokens: Tokens) -> dict[str, Tensor]:
        """Sizes after entropy coding, for what the family has a code for: name -> bits [item].

        Beside ``tokens.bits()``, which counts nominal bits. Empty where there is no such code.
        """
        return {}

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] behind a slot's ids. NotSupportedError where there is none."""
        raise NotSupportedError(f"{self.name} has no codebook table; see vectors()")

    def view(self, media: object, *, layout: str | None = None, **options: object) -> Media:
        """What the model sees of media: the reference that decode(native=True) is measured by.

        ``options`` are those of ``encode`` that say how media is prepared.
        """
        chosen = checked_options("view", options, self.prepare_options, self.name)
        found = sources(media, self.modality, layout=layout)
        items = [prepare(self, item, chosen) for item in found]
        origins = [item.origin for item in items]
        return self.media([item.tensor for item in items], origins, self.sample_rate)

    def count(self, media: object, *, layout: str | None = None, **options: object) -> list[int]:
        """Positions that each item would get, without encoding it.

        ``options`` are those of ``encode`` that say how media is prepared.

        Raises:
            MediaError: for an item that cannot be read.
            NotSupportedError: for an unknown option.
        """
        chosen = checked_options("count", options, self.prepare_options, self.name)
        found = sources(media, self.modality, layout=layout)
        return [self._count(prepare(self, item, chosen).tensor) for item in found]

    def streaming(self) -> Any:
        """A session that encodes or decodes chunk by chunk; NotSupportedError where it cannot."""
        raise NotSupportedError(f"{self.name} cannot stream: it needs the whole item")

    def to(
        self, device: str | torch.device | None = None, dtype: torch.dtype | None = None
    ) -> "Tokenizer":
        """Move the networks; returns the tokenizer."""
        self.module.to(device=device, dtype=dtype)
        return self

    def __repr__(self) -> str:
        verbs = [verb for verb in ("encode", "decode") if getattr(self, f"can_{verb}")]
        can = "/".join(verbs) or "features only"
        dtype = str(self.dtype).removeprefix("torch.")
        return f"<{self.name}: {self.modality}, {can}, {dtype} on {self.device}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._reload is None:
            raise NotSupportedError(f"{self.name} was not made by zoo.load: it cannot be pickled")
        load, arguments = self._reload
        where = {"device": str(self.device), "dtype": self.dtype}
        return _call, (load, {**arguments, **where})


def _call(function: Callable[..., Tokenizer], arguments: Mapping[str, Any]) -> Tokenizer:
    return function(**arguments)
