"""What a family writes: the networks' construction, and media items to codes and back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from .cards import Card
from .engine.options import OptionInfo, declared_options
from .errors import CardError, NotSupportedError, TokenError
from .facts import Facts
from .files import fetch_extra, resolve
from .media import Media, Prepared
from .tokens import Origin, Tokens
from .tokens.hf import TextStyle
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


class Family(Facts, ABC):
    """The part of a tokenizer that differs from family to family.

    ``zoo.Tokenizer`` adds the verbs and all that every tokenizer promises; a family subclasses
    that one and writes ``build``, ``prepare``, ``_encode``, ``_decode`` and ``restore``.
    """

    config_type: ClassVar[type]
    """The dataclass of the card's ``config``."""
    stand_ins: ClassVar[Mapping[str, Any]] = {}
    """Values for fields of ``config_from``, for random weights only."""
    formats: ClassVar[Mapping[str, KeyTable]] = {}
    """Key table per source format; the format ``zoo`` (our own names) is always known."""
    converters: ClassVar[Mapping[str, Callable[[Path, str], Mapping[str, Tensor]]]] = {}
    """Source formats that only ``zoo convert`` reads, and how: a file and its part's name ->
    tensors by published name. For formats that must not be read at every load, pickles above all."""
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
    text_style: ClassVar[TextStyle | None] = None
    """How upstream's language models write its ids in text; None: ``<checkpoint_00000>``."""
    ragged: ClassVar[bool] = False
    """Whether ``_encode`` takes prepared items of different lengths in one batch."""
    mixed_lengths: ClassVar[bool] = False
    """Whether ``_decode`` takes items of different lengths in one batch."""

    def __init__(
        self,
        card: Card,
        config: Any,
        module: nn.Module,
        *,
        only: str | None = None,
        reload: tuple[Callable[..., Any], Mapping[str, Any]] | None = None,
    ) -> None:
        self.card = card
        self.config = config
        self.module = module
        self.only = only
        self._reload = reload
        for name in set(card.options) - {option.name for option in self.options}:
            raise CardError(f"{card.at(f'zoo.options.{name}')}: {self.name} has no option {name!r}")

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

    @property
    def window(self) -> int | None:
        """Positions that are encoded and decoded by themselves; None: all of an item."""
        return None

    def pieces(self, item: object, **options: Any) -> Iterator[Prepared]:
        """What is prepared of one item, in the order of time: here all at once."""
        yield self.prepare(item, **options)

    def cut(self, prepared: Prepared) -> Iterator[Prepared]:
        """The same pieces, of an item that ``prepare`` made."""
        yield prepared

    @abstractmethod
    def _encode(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded:
        """Prepared items of one shape -> codes.

        Called with the keywords ``prefix`` (the quality, None: the full one) and ``noise``
        (:class:`zoo.engine.noise.Noise`), and with the options that the family declares.

        Where the family is ``ragged``, the items differ in their last axis and have zeros at the
        end; the keyword ``lengths`` (int64 [item], on the batch's device) says where each ends,
        always. The result says how many positions each item has, with -1 behind them.
        """

    @abstractmethod
    def _decode(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor | Sequence[Tensor]:
        """Codes [item, slot, position] -> one canonical media tensor per item.

        Called with the keywords ``lengths`` [item], ``grid`` [item, 1..3] or None, ``extras``
        (by name), ``noise``, and with the options that the family declares. With
        ``mixed_lengths`` codes behind an item's end are -1, and each item comes back at its own
        size.
        """

    def is_long(self, size: int, verb: str) -> bool:
        """Whether an item is computed by itself and piece by piece, so that memory is bounded.

        ``size`` is the last axis: of what was prepared to encode, or positions to decode.
        """
        return False

    def _encode_long(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded | None:
        """As ``_encode``, for one long item; None: ``_encode`` does it."""
        return None

    def _decode_long(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor | None:
        """As ``_decode``, for one long item: its media tensor; None: ``_decode`` does it."""
        return None

    def nothing(self, item: int) -> Tensor:
        """What ``_decode`` would give for an item of no positions, where that is anything."""
        raise TokenError(f"item {item} has no positions: there is nothing to decode")

    @abstractmethod
    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """Bring one decoded item back to the scale of the input it stands for."""

    def media(
        self, items: Sequence[Tensor], origins: Sequence[Origin | None], rate: int | None
    ) -> Media:
        """Items as a batch of media; ``rate`` in Hz is that of sound."""
        return Media(self.modality, items, rate=rate)

    def _features(self, batch: Tensor, kind: str, *arguments: Any, **options: Any) -> Vectors:
        """Prepared items -> vectors; where the family is ``ragged``, with ``lengths``, too."""
        raise NotImplementedError  # only called with one of feature_kinds

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        raise NotImplementedError  # only called with one of vector_kinds

    def _count(self, prepared: Tensor) -> int:
        """Positions of one prepared item; where they are not fixed, the family says."""
        if self.positions is None:
            raise NotSupportedError(f"{self.name} cannot count positions without encoding")
        return self.positions

    def usual_grid(self, lengths: Tensor) -> Tensor | None:
        """The grid of items of these lengths [item], where extras need one and nobody gave it."""
        return None

    def check(self, tokens: Tokens) -> None:
        """Raise TokenError for tokens of this space that the family cannot take, for their grid."""

    # what a family may use

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

    def split_options(self, options: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Options of encode, apart: those of ``prepare``, and those of the networks."""
        own = self.prepare_options
        ours = {name: value for name, value in options.items() if name in own}
        return ours, {name: value for name, value in options.items() if name not in own}

    @cached_property
    def prepare_options(self) -> dict[str, OptionInfo]:
        """The options of encode that say how media is prepared: ``view``, ``count`` and
        ``features`` take them, too."""
        return self._declared("encode", type(self.prepare).__call__)

    @cached_property
    def _encode_options(self) -> dict[str, OptionInfo]:
        return self.prepare_options | self._declared("encode", self._encode)

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
