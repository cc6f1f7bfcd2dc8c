"""The retrieval task on one tokenizer: a vector per video, then all texts against all videos."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

import zoo
from zoo.errors import MediaError, NotSupportedError, ZooError
from zoo.tokenizer import Tokenizer

from ..metrics.base import implementation
from ..metrics.retrieval import CUTS, retrieval
from ..results.chunk import Chunk, failure, merged
from ..results.compute import flops_entries, metered
from ..results.fingerprint import item_sha256
from ..samples import Sample
from ..samples.listing import sha256
from ..statistics.wilson import wilson

TEXTS = 64  # whose vectors are made at a time


@runtime_checkable
class TextVideo(Protocol):
    """What a tokenizer needs beyond the verbs: texts and videos in one space."""

    def text_features(self, texts: Sequence[str]) -> Tensor:
        """[text, dim]."""
        ...

    def similarity(self, videos: Tensor, texts: Tensor) -> Tensor:
        """[text, video] of vectors."""
        ...


class RetrievalPlan:
    """The :class:`zoo.eval.tasks.Plan` of the retrieval task."""

    skipped: Sequence[Mapping[str, str]] = ()

    def __init__(
        self,
        tok: Tokenizer,
        captions: Mapping[str, Sequence[str]],
        digest: str,
        options: Mapping[str, Any],
        flops: bool,
    ) -> None:
        """Refuse a tokenizer without texts.

        Raises:
            NotSupportedError: naming what it lacks.
        """
        if not isinstance(tok, TextVideo):
            raise NotSupportedError(f"{tok.name} has no vectors of texts to compare videos with")
        self.tok, self.texts = tok, captions
        self.digest, self.options, self.flops = digest, options, flops
        self.judge: TextVideo = tok
        self.judge.text_features(["a text"])  # before hours of videos

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the figures depend on."""
        own = self.tok.prepare_options
        return {
            "captions_sha256": self.digest,
            "encode": {name: self.options.get(name, info.default) for name, info in own.items()},
        }

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Vectors of videos; one that cannot be read is counted."""
        parts = []
        for sample in samples:
            try:
                parts.append(self._one(sample))
            except (ZooError, OSError) as error:
                stage = "read" if isinstance(error, (MediaError, OSError)) else "tokenizer"
                parts.append(Chunk(failures=[failure(sample.id, stage, error)]))
        return merged(parts)

    def figures(self, whole: Chunk) -> dict[str, Any]:
        """Both directions, over the videos that have a vector."""
        names = [row["id"] for row in whole.rows]
        texts = [text for name in names for text in self.texts[name]]
        right = torch.tensor([i for i, name in enumerate(names) for _ in self.texts[name]])
        parts = [
            self.judge.text_features(texts[start : start + TEXTS])
            for start in range(0, len(texts), TEXTS)
        ]
        scores = self.judge.similarity(whole.arrays["video"], torch.cat(parts)).double().cpu()
        metrics = self._entries("text_to_video", scores, right)
        best = torch.full((len(names), len(names)), -torch.inf, dtype=scores.dtype)
        best.scatter_reduce_(0, right[:, None].expand_as(scores), scores, "amax")
        metrics |= self._entries("video_to_text", best.T, None)
        metrics |= flops_entries(whole, ("encode",))
        items, wall, cpu = whole.seconds["encode"]
        quality = {
            "prefix": None,
            "unit": None,
            "rate": {},
            "metrics": metrics,
            "speed": {"encode": {"items_per_s": items / wall, "cpu_s_per_item": cpu / items}},
        }
        return {"qualities": [quality]}

    def _one(self, sample: Sample) -> Chunk:
        chunk = Chunk()
        data = sample.read()
        media = zoo.read(data, self.tok.modality)
        seen = self.tok.view(media, **self.options).items[0]
        with metered(chunk, "encode", 1, self.tok.device, self.flops):
            vector = self.tok.features(media, "video", **self.options).tensor
        chunk.arrays["video"] = vector.float().cpu().flatten(0, -2)  # [1, dim]
        chunk.rows.append(
            {
                "id": sample.id,
                "data_sha256": sha256(data),
                "seen_sha256": item_sha256(seen, self.tok.modality),
                "captions": len(self.texts[sample.id]),
                "qualities": {"full": {}},
            }
        )
        return chunk

    def _entries(self, way: str, scores: Tensor, right: Tensor | None) -> dict[str, Any]:
        found = retrieval(scores, right)
        values: dict[str, tuple[float, str, bool]] = {
            f"r{k}": (found.recall[k], "%", True) for k in CUTS
        }
        values["r_sum"] = (found.recall_sum, "%", True)
        values["median_rank"] = (found.median_rank, "", False)
        values["mean_rank"] = (found.mean_rank, "", False)
        shared = {"candidates": scores.shape[1], "ties": "expectation over random orders"}
        return {
            f"{way}_{name}": {
                "value": value,
                "higher_is_better": higher,
                "unit": unit,
                "n": found.queries,
                "failed": 0,
                "infinite": 0,
                "std": None,
                **_interval(name, value, found.queries),
                "settings": shared,
                "implementation": implementation(None),
                "weights": None,
            }
            for name, (value, unit, higher) in values.items()
        }


def _interval(name: str, value: float, queries: int) -> dict[str, Any]:
    if name == "r_sum" or not name.startswith("r"):
        return {"ci95": None, "ci_method": None}
    low, high = wilson(value / 100, queries)
    return {"ci95": [100 * low, 100 * high], "ci_method": "wilson over queries"}
