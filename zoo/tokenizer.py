"""The Tokenizer base class: everything that is promised for every family."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from .cards import Card
from .engine.decode import decode_tokens
from .engine.encode import encode_sources, prepare
from .engine.noise import item_seeds
from .engine.options import OptionInfo, checked_options, declared_options
from .errors import CardError, MediaError, NotSupportedError, TokenError
from .facts import Facts
from .files import fetch_extra, resolve
from .media import Media, Prepared, sources
from .tokens import Origin, Tokens
from .tokens.extras import neutral_extras
from .tokens.ids import Layout, codes_from_ids
from .tokens.padding import pad_codes
from .weights import KeyTable


class Encoded(NamedTuple):
    """What a family's ``_encode`` returns, for a batch."""

    codes: Tensor  # int64 [item, slot, position]; -1: no id here
    lengths: Tensor | None = None  # [item]
    grid: Tensor | None = None  # [item, 1..3]
    extras: Mapping[str, Tensor] = {}


class Vectors(NamedTuple):
    """Continuous vectors of a batch."""

    tensor: Tensor  # float [item, position, dim]
    mask: Tensor  # bool [item, position]: where there is one


class Tokenizer(Facts, ABC):
    """What ``zoo.load`` returns: media to ids and back.

    A family subclasses it and writes ``build``, ``prepare``, ``_encode``, ``_decode`` and
    ``restore``; what every tokenizer promises stands here. Calls are re-entrant.
    """

    config_type: ClassVar[type]
    """The dataclass of the card's ``config``."""
    stand_ins: ClassVar[Mapping[str, Any]] = {}
    """Values for fields of ``config_from``, for random weights only."""
    formats: ClassVar[Mapping[str, KeyTable]] = {}
    """Key table per source format; the format ``zoo`` (our own names) is always known."""
    encode_parts: ClassVar[tuple[str, ...]] = ()
    """Submodules that only encode needs; ``only="decode"`` leaves them out."""
    decode_parts: ClassVar[tuple[str, ...]] = ()
    """Submodules that only decode needs."""
    compiled_parts: ClassVar[tuple[str, ...]] = ()
    """Submodules that ``compile=True`` compiles."""
    feature_kinds: ClassVar[tuple[str, ...]] = ()
    """Kinds that ``features`` knows, the default first."""
    vector_kinds: ClassVar[tuple[str, ...]] = ()
    """Kinds that ``vectors`` knows, the default first."""
    mixed_lengths: ClassVar[bool] = False
    """Whether ``_decode`` takes items of different lengths in one batch."""

    def __init__(
        self,
        card: Card,
        config: Any,
        module: nn.Module,
        *,
        only: str | None = None,
        reload: tuple[Callable[..., "Tokenizer"], Mapping[str, Any]] | None = None,
    ) -> None:
        self.card = card
        self.config = config
        self.module = module
        self.only = only
        self._reload = reload
        for name in set(card.options) - {option.name for option in self.options}:
            raise CardError(f"{card.at(f'zoo.options.{name}')}: {self.name} has no option {name!r}")

    # what a family writes

    @classmethod
    @abstractmethod
    def build(cls, config: Any) -> nn.Module:
        """Construct the networks, randomly initialised; under the meta device when loading."""

    @classmethod
    def source_config(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Config fields out of a file of the source, for cards with ``config_from``."""
        raise NotSupportedError(f"{cls.__name__} reads no configuration from its source")

    @property
    @abstractmethod
    def prepare(self) -> Callable[..., Prepared]:
        """Media item -> what the model sees, on the CPU. Holds no weights and can be pickled."""

    @abstractmethod
    def _encode(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded:
        """Prepared items of one shape -> codes.

        Called with the keywords ``prefix`` (the quality, None: the full one) and ``noise``
        (:class:`zoo.engine.noise.Noise`), and with the options that the family declares.
        """

    @abstractmethod
    def _decode(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor | Sequence[Tensor]:
        """Codes [item, slot, position] -> one canonical media tensor per item.

        Called with the keywords ``lengths`` [item], ``grid`` [item, 1..3] or None, ``extras``
        (by name), ``noise``, and with the options that the family declares.
        """

    @abstractmethod
    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """Bring one decoded item back to the scale of the input it stands for."""

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        raise NotImplementedError  # only called with one of feature_kinds

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        raise NotImplementedError  # only called with one of vector_kinds

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
                sound, :class:`Media`, or a list of any; a list is a batch, sizes may differ.
            prefix: quality to encode at, one of ``tok.prefixes``; equal to
                ``encode(media).prefix(k)``, but computes no more than it needs.
            bitrate: bits per second instead; the nearest prefix not above it is taken.
            layout: axes of an array, ``"chw"`` or ``"hwc"``, where they could be either.
            seed: one for all items or one per item; only options that sample use it.
            noise: [item, ...] drawn by the caller instead.
            batch_size: at most 16 items of one shape by default; 1 runs all through one path.
            progress: show a bar.
            options: see ``tok.options``.

        Raises:
            MediaError: naming the item that cannot be read.
            NotSupportedError: for an unknown option or a checkpoint that cannot encode.
            TokenError: for an illegal prefix.
        """
        self._need("encode")
        chosen = checked_options("encode", options, self._encode_options, self.name)
        quality = self._quality(prefix, bitrate)
        items = sources(media, self.modality, layout=layout)
        return encode_sources(
            self,
            items,
            prefix=quality,
            seeds=item_seeds(seed, len(items)),
            noise=noise,
            batch_size=batch_size,
            progress=progress,
            for_prepare={k: v for k, v in chosen.items() if k in self._prepare_options},
            for_model={k: v for k, v in chosen.items() if k not in self._prepare_options},
        )

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
        self._need("decode")
        chosen = checked_options("decode", options, self._decode_options, self.name)
        self._check_tokens(tokens)
        items = decode_tokens(
            self,
            tokens,
            seeds=item_seeds(seed, len(tokens)),
            noise=noise,
            native=native,
            batch_size=batch_size,
            progress=progress,
            options=chosen,
        )
        return Media(self.modality, items)

    # tokens from elsewhere

    def tokens(self, codes: Any, lengths: Any = None, grid: Any = None, **extras: Any) -> Tokens:
        """Make Tokens of this code space from any integers, a language model's above all.

        ``codes`` is [item, slot, position]; of a one-slot space [item, position] or, for a
        single item, [position] will do. Extras that are not given take their neutral values.

        Raises:
            TokenError: naming the id, length, grid or extra that does not fit.
        """
        ids = torch.as_tensor(codes)
        if ids.ndim == 1:
            ids = ids[None]
        if ids.ndim == 2 and self.spec.num_slots == 1:
            ids = ids[:, None]
        if ids.ndim != 3:
            raise TokenError(
                f"ids of shape {list(torch.as_tensor(codes).shape)}: expected [item, slot, "
                f"position] with {self.spec.num_slots} slots"
            )
        sides = None if grid is None else torch.as_tensor(grid)
        extras = neutral_extras(self.spec, ids, grid=sides) | extras
        return Tokens(
            ids, spec=self.spec, space=self.space, lengths=lengths, grid=sides, extras=extras
        )

    def from_ids(
        self,
        streams: Any,
        *,
        order: str = "position",
        offset: int = 0,
        per_slot: bool = True,
        begin: int | None = None,
        end: int | None = None,
        fill: int | None = None,
        prefix: int | Sequence[int] | None = None,
        positions: int | Sequence[int] | None = None,
        errors: str = "strict",
    ) -> Tokens:
        """Make Tokens from streams of language-model ids: the inverse of ``Tokens.ids``.

        ``streams`` is one 1-D tensor or list per item; the layout's arguments are those of
        ``Tokens.ids``. ``prefix`` and ``positions``, for all items or one each, say what a
        stream cannot: how many slots it was cut to, and how long an item is in order "slot".
        ``errors="trim"`` drops an incomplete tail.

        Raises:
            TokenError: naming item and place of an id outside its slot's range.
        """
        layout = Layout(order, offset, per_slot, begin, end, fill)
        items = codes_from_ids(
            streams, self.spec, layout, prefix=prefix, positions=positions, errors=errors
        )
        codes, lengths = pad_codes(items)
        return self.tokens(codes, lengths)

    # vectors

    @torch.no_grad()
    def features(
        self, media: object, kind: str | None = None, *, layout: str | None = None
    ) -> Vectors:
        """Continuous vectors before quantisation, for one of ``tok.feature_kinds``.

        Raises:
            NotSupportedError: for a kind this family has not.
            MediaError: for an item that cannot be read, or items of different shapes.
        """
        self._need("encode")
        kind = _known_kind(kind, self.feature_kinds, f"{self.name} features")
        items = [prepare(self, item, {}) for item in sources(media, self.modality, layout=layout)]
        if len({item.tensor.shape for item in items}) > 1:
            raise MediaError(
                "features: items differ in shape after preparing; pass them one by one"
            )
        return self._features(torch.stack([i.tensor for i in items]).to(self.device), kind)

    def vectors(self, tokens: Tokens, kind: str | None = None) -> Vectors:
        """What ids stand for, for one of ``tok.vector_kinds``; differentiable, needs no decoder.

        Raises:
            NotSupportedError: for a kind this family has not.
            TokenError: for tokens of another code space.
        """
        kind = _known_kind(kind, self.vector_kinds, f"{self.name} vectors")
        self._check_tokens(tokens)
        return self._vectors(tokens.to(self.device), kind)

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] behind a slot's ids. NotSupportedError where there is none."""
        raise NotSupportedError(f"{self.name} has no codebook table; see vectors()")

    def view(self, media: object, **options: object) -> Media:
        """What the model sees of media: the reference that decode(native=True) is measured by."""
        chosen = checked_options("encode", options, self._prepare_options, self.name)
        items = [prepare(self, item, chosen).tensor for item in sources(media, self.modality)]
        return Media(self.modality, items)

    def count(self, media: object) -> list[int]:
        """Positions that each item would get, without encoding it."""
        if self.positions is None:
            raise NotSupportedError(f"{self.name} cannot count positions without encoding")
        return [self.positions] * len(sources(media, self.modality))

    def streaming(self) -> Any:
        """A session that encodes or decodes chunk by chunk; NotSupportedError where it cannot."""
        raise NotSupportedError(f"{self.name} cannot stream: it needs the whole item")

    def part_path(self, name: str, beside: str | None = None) -> Path:
        """The local file of a part that loading left for later (role lazy), fetched if need be.

        ``beside`` names another file, relative to the part's folder, to get instead.

        Raises:
            CheckpointUnavailableError: as ``zoo.load`` for the other parts.
        """
        part, loaded = self.card.part(name), {} if self._reload is None else self._reload[1]
        asked = {key: loaded.get(key) for key in ("revision", "offline")}
        if beside is None:
            return resolve(part, self.card, **asked)
        return fetch_extra(part, beside, self.card, **asked)

    # the object itself

    @property
    def options(self) -> tuple[OptionInfo, ...]:
        """The options of both verbs, with defaults and ranges."""
        return (*self._encode_options.values(), *self._decode_options.values())

    @cached_property
    def _prepare_options(self) -> dict[str, OptionInfo]:
        return self._declared("encode", type(self.prepare).__call__)

    @cached_property
    def _encode_options(self) -> dict[str, OptionInfo]:
        return self._prepare_options | self._declared("encode", self._encode)

    @cached_property
    def _decode_options(self) -> dict[str, OptionInfo]:
        return self._declared("decode", self._decode)

    def _declared(self, verb: str, function: Callable[..., Any]) -> dict[str, OptionInfo]:
        """What a function declares, with the card's defaults in place of the family's."""
        found = declared_options(verb, function)
        own = {name: info for name, info in found.items() if name in self.card.options}
        return found | {
            name: replace(info, default=info.check(self.card.options[name]))
            for name, info in own.items()
        }

    def to(
        self, device: str | torch.device | None = None, dtype: torch.dtype | None = None
    ) -> "Tokenizer":
        """Move the networks; returns the tokenizer."""
        self.module.to(device=device, dtype=dtype)
        return self

    def __repr__(self) -> str:
        can = [verb for verb in ("encode", "decode") if getattr(self, f"can_{verb}")]
        dtype = str(self.dtype).removeprefix("torch.")
        return f"<{self.name}: {self.modality}, {'/'.join(can)}, {dtype} on {self.device}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._reload is None:
            raise NotSupportedError(f"{self.name} was not made by zoo.load: it cannot be pickled")
        load, arguments = self._reload
        where = {"device": str(self.device), "dtype": self.dtype}
        return _call, (load, {**arguments, **where})

    def _need(self, verb: str) -> None:
        if getattr(self, f"can_{verb}"):
            return
        if self.only not in (None, verb):
            raise NotSupportedError(
                f"{self.name} was loaded with only={self.only!r}; load it without to {verb}"
            )
        raise NotSupportedError(f"{self.name} cannot {verb}; its card says why")

    def _check_tokens(self, tokens: object) -> None:
        if not isinstance(tokens, Tokens):
            raise TokenError(
                f"expected Tokens, got {type(tokens).__name__}; make them with tok.tokens(ids)"
            )
        if tokens.space != self.space:
            raise TokenError(
                f"these tokens are of code space {tokens.space!r}, {self.name} speaks "
                f"{self.space!r}; decode them with the tokenizer that made them"
                f"{_maker(tokens)}"
            )
        if len(tokens) == 0:
            raise TokenError("these tokens have no items")

    def _quality(self, prefix: int | None, bitrate: float | None) -> int | None:
        if prefix is not None and bitrate is not None:
            raise TokenError("prefix and bitrate say the same thing: pass one of them")
        cut, rate = self.spec.prefixes, self.token_rate
        if prefix is not None:
            if cut is None:
                raise TokenError(f"{self.name} has no prefixes: its ids decode only as a whole")
            cut.size_of(prefix)  # raises for an illegal one
        if bitrate is None:
            return prefix
        if cut is None or cut.axis != "slot" or rate is None:
            raise NotSupportedError(f"{self.name} has no bitrates to choose from; see tok.prefixes")
        fitting = [k for k, bits in self.prefixes.items() if bits * rate <= bitrate + 1e-6]
        if not fitting:
            least = min(self.prefixes.values()) * rate
            raise TokenError(f"bitrate {bitrate:g} is below the least of {self.name}: {least:g}")
        return fitting[-1]


def _known_kind(kind: str | None, kinds: tuple[str, ...], what: str) -> str:
    if not kinds:
        raise NotSupportedError(f"{what}: this family has none")
    if kind is not None and kind not in kinds:
        raise NotSupportedError(f"{what}: unknown kind {kind!r}; it has {', '.join(kinds)}")
    return kind or kinds[0]


def _maker(tokens: Tokens) -> str:
    checkpoint = tokens.made_by.get("checkpoint")
    return f" ({checkpoint})" if checkpoint else ""


def _call(function: Callable[..., Tokenizer], arguments: Mapping[str, Any]) -> Tokenizer:
    return function(**arguments)
