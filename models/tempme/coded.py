"""The part of the tokenizer that has to do with ids; TempMe itself ends at merged tokens."""

from abc import ABC
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from zoo.errors import NotSupportedError, TokenError
from zoo.media.image import canonical
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .features import MergedFeatures
from .group_ids import appearance_codes, group_ids, semantic_codes
from .map_code import decode_map, encode_map


class CodedVideo(MergedFeatures, ABC):
    """Ids of groups from a checkpoint's codebooks, and frames from ids and the source map."""

    @property
    def vector_kinds(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """``appearance`` and ``semantic``, those that there are."""
        kinds = ("appearance", "semantic")
        return tuple(kind for kind in kinds if getattr(self.config, kind) is not None)

    def _encode(self, batch: Tensor, *, prefix: int | None, **rest: object) -> Encoded:
        cut = self.spec.prefixes
        slots = None if prefix is None or cut is None else cut.size_of(prefix)
        video = self.module.encoder(self.normalized(batch))
        codes = group_ids(self.module, canonical(batch), video, slots)
        grid = torch.tensor([video.source.shape[1:]]).expand(len(codes), -1)
        return Encoded(codes, grid=grid, extras={"source_map": video.source.int()})

    def _decode(self, codes: Tensor, *, extras: Mapping[str, Tensor], **rest: object) -> Tensor:
        codec = self.module.appearance
        assert codec is not None
        source = extras["source_map"].long()
        if bool((source < 0).any()):
            raise TokenError(
                "ids of groups mean nothing without the source_map that came with them: the "
                "position of its group for each patch"
            )
        return codec.frames(appearance_codes(self.module, codes), source).float().clamp(0, 1)

    @property
    def patches(self) -> tuple[int, int]:
        """Rows and columns of a frame's grid."""
        return self.config.trunk.side, self.config.trunk.side

    def check(self, tokens: Tokens) -> None:
        """TokenError unless each item is whole windows of our frames, with labels of that window.

        Labels may be missing (-1): ids have vectors without a map, but do not decode.
        """
        size, frames = self.groups, self.config.merging.frames
        for item, length in enumerate(tokens.lengths.tolist()):
            if length == 0 or length % size:
                raise TokenError(
                    f"item {item} has {length} positions; {self.name} decodes windows of {size}"
                )
            shape = [length // size * frames, *self.patches]
            if tokens.grid is None or tokens.grid[item].tolist() != shape:
                found = None if tokens.grid is None else tokens.grid[item].tolist()
                raise TokenError(f"grid: {found} for item {item}; expected {shape}")
            labels = tokens.extras["source_map"][item, : shape[0]]
            window = torch.arange(len(labels), device=labels.device)[:, None, None] // frames
            if not bool(((labels // size == window) | (labels == -1)).all()):
                raise TokenError(
                    f"source_map of item {item} names groups of another window; the labels of "
                    f"window w are {size} w to {size} w + {size - 1}"
                )

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        codes_of = appearance_codes if kind == "appearance" else semantic_codes
        return Vectors(codes_of(self.module, tokens.codes), (tokens.codes >= 0).any(1))

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a slot; those of ``appearance`` come first."""
        books = [self.module.appearance and self.module.appearance.codebook, self.module.semantic]
        tables = [table for book in books if book is not None for table in book.table]
        if not 0 <= slot < len(tables):
            raise NotSupportedError(f"{self.name} has {len(tables)} codebooks, not one of {slot}")
        return tables[slot]

    def map_codes(self, tokens: Tokens) -> list[list[bytes]]:
        """The source map of each window of each item, coded without loss: see ``map_code.py``.

        Raises:
            TokenError: for a map whose labels are not numbered by first appearance.
        """
        self.check(tokens)
        groups, frames = self.groups, self.config.merging.frames
        found = []
        for labels, length in zip(
            tokens.extras["source_map"], tokens.lengths.tolist(), strict=True
        ):
            windows = labels[: length // groups * frames].split(frames) if length else ()
            found.append([encode_map(window % groups) for window in windows])
        return found

    def maps_from(self, codes: Sequence[Sequence[bytes]]) -> list[Tensor]:
        """The inverse: the ``source_map`` [frame, row, column] of each item.

        Raises:
            TokenError: for bytes that are no code of a map of this checkpoint.
        """
        groups, shape = self.groups, (self.config.merging.frames, *self.patches)
        return [
            torch.cat(
                [decode_map(code, shape, groups) + groups * n for n, code in enumerate(windows)]
            )
            for windows in codes
        ]

    def coded_bits(self, tokens: Tokens) -> dict[str, Tensor]:
        """Bits of each item's source map after :meth:`map_codes`."""
        codes = self.map_codes(tokens)
        bits = [8 * sum(len(code) for code in windows) for windows in codes]
        return {"source_map": torch.tensor(bits, dtype=torch.float64)}

    @property
    def groups(self) -> int:
        """Groups of a window."""
        groups = self.spec.segment
        assert groups is not None
        return groups
