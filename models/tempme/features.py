"""What TempMe gives without ids: merged tokens and their map, features, texts that fit a video."""

from abc import ABC
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import normalize

from zoo.engine.batching import grouped
from zoo.engine.checks import need_encoder
from zoo.engine.options import checked_options
from zoo.engine.precision import full_fp32
from zoo.errors import NotSupportedError
from zoo.media import sources
from zoo.tokenizer import Vectors
from zoo.video_tokenizer import VideoTokenizer

from .config import RetrievalConfig, TempMeConfig
from .encoder import MergedVideo
from .model import TempMeModel
from .retrieval import cosine_logits
from .source_map import unmerge
from .words import Words

WORDS = "words"  # the part of the card with the vocabulary of texts; loaded on first use


class MergedFeatures(VideoTokenizer, ABC):
    """A tokenizer that merges a video's tokens; it needs no codebook for this."""

    feature_kinds = ("tokens", "classes", "grid", "video")

    config: TempMeConfig
    module: TempMeModel

    @torch.no_grad()
    def merged(
        self,
        media: object,
        *,
        layout: str | None = None,
        batch_size: int | None = None,
        **options: object,
    ) -> MergedVideo:
        """Merged tokens with their sizes, class tokens and source map: one row per window.

        A video that is sampled to one window is one row; ``options`` are those of ``encode`` that
        say how media is prepared.

        Raises:
            MediaError: for an item that cannot be read.
        """
        need_encoder(self)
        chosen = checked_options("merged", options, self.prepare_options, self.name)
        windows = [
            window.tensor
            for source in sources(media, self.modality, layout=layout)
            for window in self.pieces(source.open(), **chosen)
        ]
        with full_fp32(self.device):
            return self._merge(torch.stack(windows), batch_size)

    def _merge(self, windows: Tensor, batch_size: int | None = None) -> MergedVideo:
        """Prepared windows [window, frame, 3, height, width], of which a batch is held at a time."""
        found = [
            self.module.encoder(self.normalized(windows[rows].to(self.device)))
            for rows in grouped([None] * len(windows), batch_size)
        ]
        return MergedVideo(*(torch.cat(parts) for parts in zip(*found, strict=True)))

    def _features(self, batch: Tensor, kind: str) -> Vectors:
        """Of all windows of each item [item, frame, 3, height, width], in the order of time."""
        items, frames = batch.shape[:2]
        size = self.config.merging.frames
        filled = torch.cat([batch, *[batch[:, -1:]] * (-frames % size)], dim=1)
        windows = filled.unflatten(1, (-1, size)).flatten(0, 1)
        video = self._merge(windows)
        if kind == "video":
            classes = video.classes.unflatten(0, (items, -1)).flatten(1, 2)[:, :frames]
            return all_there(self._pooled(classes)[:, None])
        if kind == "grid":
            found = unmerge(video.tokens, video.source).flatten(1, 3)
        else:
            found = video.classes if kind == "classes" else video.tokens
        found = found.unflatten(0, (items, -1)).flatten(1, 2)  # [item, position, dim]
        each = {"classes": 1, "grid": self.config.trunk.side**2}.get(kind)
        return all_there(found if each is None else found[:, : frames * each])

    def _pooled(self, classes: Tensor) -> Tensor:
        """Class tokens [item, frame, width] -> a vector of the video, in the space of texts.

        Without CLIP's head it is the mean of the class tokens, each of unit length.
        """
        head = self.module.video_head
        return normalize(classes.float(), dim=-1).mean(dim=1) if head is None else head(classes)

    # retrieval

    @torch.no_grad()
    def text_features(self, texts: str | Sequence[str]) -> Tensor:
        """A vector per text, fp32 [text, embedding]; not of unit length.

        Raises:
            NotSupportedError: for a checkpoint that has no text transformer.
            CheckpointUnavailableError: if the vocabulary cannot be had.
        """
        config = self._retrieval()
        texts = [texts] if isinstance(texts, str) else list(texts)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise NotSupportedError(f"texts: expected one or more strings, got {texts!r}")
        words, mask = self._words(texts, config.text.longest)
        assert self.module.text is not None
        with full_fp32(self.device):
            return self.module.text(words.to(self.device), mask.to(self.device))

    @torch.no_grad()
    def similarity(self, videos: object, texts: Tensor | str | Sequence[str]) -> Tensor:
        """How well each text fits each video: fp32 [text, video], cosine times CLIP's scale.

        Args:
            videos: media, or float vectors [video, embedding]: ``features(media, "video")``
                has them, as [video, 1, embedding].
            texts: strings, or what ``text_features`` gave.

        Raises:
            NotSupportedError: for a checkpoint that has no text transformer.
        """
        self._retrieval()
        if isinstance(videos, Tensor) and videos.ndim < 4:  # a video has four axes or more
            vectors = videos
        else:
            vectors = self.features(videos, "video").tensor
        found = texts if isinstance(texts, Tensor) else self.text_features(texts)
        with full_fp32(self.device):
            return cosine_logits(
                found.to(self.device).float(),
                vectors.to(self.device).float().flatten(0, -2),
                self.module.log_scale.float(),
            )

    def _retrieval(self) -> RetrievalConfig:
        if self.config.retrieval is None or self.module.text is None:
            why = f"was loaded with only={self.only!r}" if self.config.retrieval else "has none"
            raise NotSupportedError(f"texts need CLIP's text transformer; {self.name} {why}")
        return self.config.retrieval

    @cached_property
    def _words(self) -> Words:
        return Words(self.part_path(WORDS))


def all_there(vectors: Tensor) -> Vectors:
    """Vectors [item, position, dim], none of them missing."""
    return Vectors(vectors, torch.ones(vectors.shape[:2], dtype=torch.bool, device=vectors.device))
