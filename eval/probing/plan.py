"""The probing task on one tokenizer: encode everything, then fit probes at every prefix."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

import zoo
from zoo.errors import MediaError, ZooError
from zoo.tokens import Tokens

from ..reconstruction.setup import key
from ..results.chunk import Chunk, failure, merged
from ..results.cost import draw, token_costs
from ..results.fingerprint import item_sha256
from ..samples import Sample
from ..samples.listing import sha256
from .protocol import Probing
from .raw import raw_features
from .report import qualities


class ProbingPlan(Probing):
    """The :class:`zoo.eval.tasks.Plan` of the probing task."""

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the figures depend on."""
        own = {name: value for name, value in self.setup.settings.items() if name != "decode"}
        names = sorted(set(self.labels.values()))
        return {**own, **asdict(self.protocol), "probes": list(self.probes), "classes": names}

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Encode samples, the first of which is number ``first`` of the data set."""
        parts = []
        for number, sample in enumerate(samples, self.setup.seed + first):
            try:
                parts.append(self._one(sample, number))
            except (ZooError, OSError) as error:
                stage = "read" if isinstance(error, (MediaError, OSError)) else "tokenizer"
                parts.append(Chunk(failures=[failure(sample.id, stage, error)]))
        return merged(parts)

    def figures(self, whole: Chunk) -> dict[str, Any]:
        """Fit and judge every probe at every quality."""
        return {"qualities": qualities(self, whole)}

    def _one(self, sample: Sample, seed: int) -> Chunk:
        tok, chunk = self.setup.tok, Chunk()
        data = sample.read()
        media = zoo.read(data, tok.modality)
        options = {k: v for k, v in self.setup.encode.items() if k in tok.prepare_options}
        seen = tok.view(media, **options)
        tokens = tok.encode(media, seed=seed, **self.setup.encode)
        chunk.rows.append(
            {
                "id": sample.id,
                "class": self.labels[sample.id],
                "data_sha256": sha256(data),
                "seen_sha256": item_sha256(seen.items[0], tok.modality),
                "qualities": {},
            }
        )
        codes = tokens.codes[0]
        chunk.arrays = {
            "ids": codes.flatten().to(torch.int32),
            "length": torch.tensor([codes.shape[1]]),
            "raw": raw_features(seen.items[0], tok.modality, seen.rate)[None],
        }
        for prefix in self.setup.prefixes:
            cut = tokens if prefix is None else tokens.prefix(prefix)
            chunk.rows[0]["qualities"][key(prefix)] = token_costs(cut)[0]
            draw(chunk, key(prefix), cut)
            if "vectors" in self.probes:
                chunk.arrays[f"vectors/{key(prefix)}"] = self._pooled(cut)
        return chunk

    def _pooled(self, tokens: Tokens) -> Tensor:
        """[1, dim]: the mean of what the ids stand for."""
        found = self.setup.tok.vectors(tokens)
        mask = found.mask[..., None].to(found.tensor)
        return ((found.tensor * mask).sum(1) / mask.sum(1)).float().cpu()
