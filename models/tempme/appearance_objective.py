"""Second stage: ids of groups, and pixels from them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from zoo.train.objective import Batches, Cell

from .appearance_codec import AppearanceCodec
from .config import TempMeConfig
from .model import TempMeModel
from .start import start_from_moments
from .video_objective import EACH, VideoObjective, window_psnr

SHOWN = 6


class AppearanceObjective(VideoObjective):
    """Frames through ids: squared error, and codebooks that follow the vectors they name.

    Some windows keep a random number of slots only, so that every prefix decodes. The trunk, and
    with it every map, stays as it is.
    """

    def __init__(
        self, model: TempMeModel, config: TempMeConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.commitment = float(options["commitment"])
        self.cut_share = float(options["cut_share"])  # of windows that lose slots
        self.start_windows = int(options["start_windows"])
        model.encoder.requires_grad_(False)

    @property
    def trained(self) -> AppearanceCodec:
        """Networks and codebook of the pixels."""
        assert self.model.appearance is not None
        return self.model.appearance

    @torch.no_grad()
    def begin(self, items: Batches) -> None:
        """Principal axes of the moments, and k-means: the closed forms to improve on.

        Without ``start_windows`` the stage goes on from what there is.
        """
        if not self.start_windows:
            return
        source, random = self.source(items), torch.Generator().manual_seed(0)
        found = []
        for rows in torch.randint(len(source), (self.start_windows,), generator=random).split(EACH):
            frames = source[rows].float() / 255
            video = self.merged(frames)
            moments = self.trained.moments(frames, video.source, self.model.encoder.groups)
            found.append((moments.flatten(0, 1), video.sizes.flatten().float()))
        moments, sizes = (torch.cat(parts) for parts in zip(*found, strict=True))
        start_from_moments(self.trained, moments, sizes, random)

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Windows [b, frames, 3, h, w] uint8 -> losses, in squared error per pixel."""
        frames, codec = batch.float() / 255, self.trained
        groups = self.model.encoder.groups
        with sdpa_kernel(SDPBackend.MATH):
            with torch.no_grad():
                video = self.merged(frames)
                moments = codec.moments(frames, video.source, groups)
            vectors = codec.vectors(moments, video.tokens, video.source).float()
            ids = codec.codebook.ids(vectors.detach())
            named = codec.codebook.terms(self._cut(ids, random))
            codes = named.sum(2)
            kept = vectors + (codes - vectors).detach()  # straight through
            decoded = codec.frames(kept, video.source).float()
        weight = video.sizes[..., None] / video.sizes.float().mean()
        pixels = 3 * self.config.trunk.patch**2
        follow = ((codes - vectors.detach()).square() * weight).sum(2).mean() / pixels
        commit = ((vectors - codes.detach()).square() * weight).sum(2).mean() / pixels
        error = (decoded - frames).square().mean()
        loss = error + follow + self.commitment * commit
        return {"loss": loss, "error": error, "codebook": follow}

    def _cut(self, ids: Tensor, random: torch.Generator) -> Tensor:
        """Slots behind a random one are taken away from some items."""
        items, slots = len(ids), ids.shape[2]
        keep = torch.randint(1, slots + 1, (items,), generator=random)
        whole = torch.rand(items, generator=random) >= self.cut_share
        keep = torch.where(whole, slots, keep).to(ids.device)
        place = torch.arange(slots, device=ids.device)
        return ids.where(place < keep[:, None, None], -1)

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB: from ids, from half the slots, without a codebook, and of the floor."""
        found: dict[str, list[Tensor]] = {}
        for chunk in items.split(EACH):
            frames = chunk.to(self.device).float() / 255
            for name, decoded in self._rebuilt(frames).items():
                found.setdefault(name, []).append(window_psnr(decoded, frames))
        return {f"psnr_{name}": float(torch.cat(each).mean()) for name, each in found.items()}

    def _rebuilt(self, frames: Tensor) -> dict[str, Tensor]:
        video, codec = self.merged(frames), self.trained
        moments = codec.moments(frames, video.source, self.model.encoder.groups)
        vectors = codec.vectors(moments, video.tokens, video.source)
        ids = codec.codebook.ids(vectors)
        half = ids[..., : (ids.shape[2] + 1) // 2]
        return {
            "ids": codec.frames(codec.codebook.vectors(ids), video.source),
            "half_the_slots": codec.frames(codec.codebook.vectors(half), video.source),
            "unquantized": codec.frames(vectors, video.source),
            "group_means": self.floor(frames, video),
        }

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """The middle frame of some windows: original, from ids, the floor."""
        places = torch.linspace(0, len(items) - 1, SHOWN).long()
        frames = items[places].to(self.device).float() / 255
        columns = {"original": frames, **self._rebuilt(frames)}
        middle = frames.shape[1] // 2
        return [
            [(video[i, middle].clamp(0, 1), name) for name, video in columns.items()]
            for i in range(len(frames))
        ]
