"""Linear probes on what a tokenizer knows of pictures before and after its ids, and on pixels.

  python -m zoo.eval.baselines.features seed-tiny --data val-00.tar \\
      --kinds queries:last,unquantized:flat,codes:flat,embedding:flat

A kind is one of ``tok.feature_kinds`` or ``tok.vector_kinds``; of its positions the probe sees the
last one, the mean, or all side by side (``last``, ``mean``, ``flat``). Classes and protocol are those
of the task ``probe``: logistic regression on standardised vectors, every picture judged by a
classifier trained on the other folds. Pixels are means of 16 x 16 fields.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import zoo
from zoo.commands.parts.arguments import positive
from zoo.errors import NotSupportedError
from zoo.tokenizer import Tokenizer, Vectors

from ..probing.folds import correctness
from ..probing.linear import linear_fit
from ..probing.raw import raw_features
from ..samples import Sample, list_samples
from ..samples.labels import labels_of

BATCH = 50
POOLS = ("last", "mean", "flat")


def pooled(found: Vectors, pool: str) -> Tensor:
    """Vectors [item, position, dim] -> one row per item, fp32."""
    vectors = found.tensor.float().cpu()
    if pool == "last":
        return vectors[:, -1]
    return vectors.mean(1) if pool == "mean" else vectors.flatten(1)


def rows(tok: Tokenizer, samples: list[Sample], kinds: list[tuple[str, str]]) -> list[np.ndarray]:
    """Pixels, and then every kind: [sample, dim] each."""
    found: list[list[Tensor]] = [[] for _ in range(1 + len(kinds))]
    for start in range(0, len(samples), BATCH):
        media = [sample.read() for sample in samples[start : start + BATCH]]
        seen, tokens = tok.view(media), tok.encode(media)
        found[0].append(torch.stack([raw_features(item, "image", None) for item in seen.items]))
        for parts, (kind, pool) in zip(found[1:], kinds, strict=True):
            vectors = (
                tok.features(media, kind)
                if kind in tok.feature_kinds
                else tok.vectors(tokens, kind)
            )
            parts.append(pooled(vectors, pool))
    return [torch.cat(parts).numpy() for parts in found]


def parse_kinds(text: str) -> list[tuple[str, str]]:
    """``kind:pool,kind:pool``; NotSupportedError for a pool that there is not."""
    parts = [one.partition(":") for one in text.split(",")]
    kinds = [(kind, pool) for kind, _, pool in parts]
    for kind, pool in kinds:
        if pool not in POOLS:
            raise NotSupportedError(f"{kind}:{pool}: expected KIND:POOL, one of {', '.join(POOLS)}")
    return kinds


def main(given: list[str] | None = None) -> None:
    """Print the accuracy on pixels and on every kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True, metavar="DATA")
    parser.add_argument("--kinds", type=parse_kinds, required=True, metavar="KIND:POOL,...")
    parser.add_argument("--limit", type=positive, default=None, metavar="N")
    parser.add_argument("--label", metavar="REGEX")
    parser.add_argument("--folds", type=positive, default=5, metavar="N")
    args = parser.parse_args(given)
    tok = zoo.load(args.name)
    samples = list_samples(args.data, "image", args.limit)
    classes = np.unique(labels_of(samples, args.label), return_inverse=True)[1]
    names = ["pixels", *(":".join(kind) for kind in args.kinds)]
    for name, features in zip(names, rows(tok, samples, args.kinds), strict=True):
        fit = linear_fit(features, classes)
        right = correctness(fit, classes, None, folds=args.folds, seeds=[0])
        print(f"{name} ({features.shape[1]} numbers): {right.mean():.4f}", flush=True)


if __name__ == "__main__":
    main()
