"""TokenFlow as a tokenizer: a picture to ids from coarse to fine scales, and back."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from zoo.engine.batching import grouped
from zoo.engine.checks import need_verb
from zoo.engine.noise import Noise
from zoo.errors import NotSupportedError, TokenError
from zoo.image_tokenizer import ImageTokenizer
from zoo.media import Prepared, restore_image
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Origin, Tokens
from zoo.tokens.hf import TextStyle

from .config import TokenFlowConfig
from .keys import FORMATS
from .model import TokenFlowModel, build_model
from .prepare import TokenFlowPrepare


class TokenFlow(ImageTokenizer):
    """One slot; each id selects a semantic and a pixel vector; a prefix keeps the first scales.

    Source: Qu et al. 2024, arXiv 2412.03069; ids equal those of ByteFlow-AI/TokenFlow's
    ``encode``. The token grid is the finest scale's: it tells 224 pixels from 256.
    """

    text_style = TextStyle("<vq_token_{number}>")
    config_type = TokenFlowConfig
    formats = FORMATS
    encode_parts = ("semantic_encoder", "pixel_encoder")
    decode_parts = ("semantic_decoder", "pixel_decoder")
    compiled_parts = (
        "semantic_encoder.tower",
        "pixel_encoder.network",
        "semantic_decoder",
        "pixel_decoder.network",
    )
    feature_kinds = ("unquantized", "semantic", "pixel")
    vector_kinds = ("codes", "grid", "semantic", "next_scale")

    config: TokenFlowConfig
    module: TokenFlowModel

    @classmethod
    def build(cls, config: TokenFlowConfig) -> TokenFlowModel:
        """Construct the encoders, the quantiser and the decoders."""
        return build_model(config)

    @property
    def prepare(self) -> Callable[..., Prepared]:
        """Resize and crop as the card says, to one of the checkpoint's sizes."""
        return TokenFlowPrepare(self.config.image_sizes, self.input.fit, self.input.interpolation)

    def _count(self, prepared: Tensor) -> int:
        sizes = list(self.config.image_sizes)
        return self.config.positions(self.config.grids[sizes.index(prepared.shape[-1])])[-1]

    def _encode(self, batch: Tensor, *, prefix: int | None, noise: Noise) -> Encoded:
        features = self.module.features(self.normalized(batch))
        side = features.shape[-1]
        scales = self.config.schedule(side)
        if prefix is not None and prefix > len(scales):
            raise TokenError(
                f"prefix {prefix}: an image of {batch.shape[-1]} pixels has {len(scales)} scales"
            )
        ids = self.module.quantizer.encode(features, scales[:prefix])
        return Encoded(ids[:, None], grid=torch.full((len(ids), 2), side))

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> Tensor:
        latent = self.module.quantizer.grid(codes[:, 0], self._scales(grid))
        return self.pixels(self.module.pixels(latent))

    def restore(self, item: Tensor, origin: Origin | None, native: bool) -> Tensor:
        """Back to the size of the part of the original that the model saw.

        Which of several sizes it saw is the decoded one's, unless all are resized to one.
        """
        seen = None if self.config.output_size is None else self.input.size
        return restore_image(item, origin, native, input_size=seen)

    def tokens(self, codes: Any, lengths: Any = None, grid: Any = None, **extras: Any) -> Tokens:
        """As for every tokenizer; ``grid`` is the side of the finest scale, twice, per item.

        Without it, ids are those of an image of the usual size.
        """
        made = super().tokens(codes, lengths, grid, **extras)
        self.check(made)
        return made

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, semantic + pixel], both parts of unit length."""
        if slot != 0:
            raise NotSupportedError(f"{self.name} has one slot, 0; got {slot}")
        return self.module.quantizer.table()

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        images = self.normalized(batch)
        if kind == "semantic":
            found = self.module.semantic_encoder.tower(images)
        elif kind == "pixel":
            side = self.config.grids[self.config.image_sizes.index(batch.shape[-1])]
            network = self.module.pixel_encoder
            found = network.features(images, side).flatten(2).transpose(1, 2)
        else:
            found = self.module.features(images).flatten(2).transpose(1, 2)
        return Vectors(found, torch.ones(found.shape[:2], dtype=torch.bool, device=found.device))

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        if kind == "semantic":
            need_verb(self, "decode")
        alike = tokens.lengths.tolist()
        if tokens.grid is not None:
            alike = list(zip(alike, map(tuple, tokens.grid.tolist()), strict=True))
        found: dict[int, Tensor] = {}
        for rows in grouped(alike, None):
            part = tokens[rows]
            made = self._vectors_of(part.codes[:, 0], self._scales(part.grid), kind)
            found.update(zip(rows, made, strict=True))
        items = [found[row] for row in range(len(tokens))]
        lengths = torch.tensor([len(item) for item in items], device=tokens.device)
        padded = pad_sequence(items, batch_first=True)
        places = torch.arange(padded.shape[1], device=tokens.device)
        return Vectors(padded, places < lengths[:, None])

    def _vectors_of(self, ids: Tensor, scales: tuple[int, ...], kind: str) -> Tensor:
        """Ids [b, n] of equally many scales -> [b, rows, dim]."""
        quantizer = self.module.quantizer
        if kind == "codes":
            return quantizer.lookup(ids)
        if kind == "next_scale":
            return quantizer.next_scale(ids, scales)
        latent = quantizer.grid(ids, scales)
        if kind == "semantic":
            return self.module.semantic(latent)
        return latent.flatten(2).transpose(1, 2)

    def check(self, tokens: Tokens) -> None:
        """TokenError unless each item's finest grid is one of ours and its ids end with a scale."""
        sides = [[self.config.grids[0]] * 2] * len(tokens)
        if tokens.grid is not None:
            sides = tokens.grid.tolist()
        for item, (side, length) in enumerate(zip(sides, tokens.lengths.tolist(), strict=True)):
            if side[0] not in self.config.grids or side != [side[0]] * 2:
                known = " or ".join(f"[{grid}, {grid}]" for grid in self.config.grids)
                raise TokenError(f"grid: {side} for item {item}; {self.name} has {known}")
            if length not in self.config.positions(side[0]):
                raise TokenError(
                    f"grid: item {item} has {length} ids, but {side} ends at "
                    f"{self.config.positions(side[0])[-1]}"
                )

    def _scales(self, grid: Tensor | None) -> tuple[int, ...]:
        """The scales of a batch of one grid."""
        return self.config.schedule(self.config.grids[0] if grid is None else int(grid[0, 0]))
