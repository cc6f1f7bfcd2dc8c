"""From encoded samples to the accuracy of every probe at every quality."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor
from tqdm import tqdm

from zoo.errors import MediaError

from ..metrics.base import Column, implementation
from ..reconstruction.setup import key
from ..results.chunk import Chunk
from ..results.figures import figure
from ..results.rate import rate_of
from .arrays import class_numbers, padded_ids
from .attentive import attentive_fit
from .folds import Fit, correctness
from .linear import bag_fit, linear_fit, majority_fit
from .protocol import Probing

ACCURACY = Column("share", True)
BASELINES = ("majority", "raw")
"""Probes that see no ids; they are the same at every quality."""


def qualities(plan: Probing, whole: Chunk) -> list[dict[str, Any]]:
    """Rate and accuracies of every quality; rows get how often each sample was judged right."""
    classes = class_numbers(whole)
    counts = np.bincount(classes)
    if len(counts) < 2 or counts.max() < plan.protocol.folds:
        raise MediaError(
            f"{len(classes)} samples could be read, of {len(counts)} classes with at most "
            f"{counts.max()} samples; {plan.protocol.folds} folds need 2 classes and as many samples"
        )
    setup, spec = plan.setup, plan.setup.tok.spec
    ids = padded_ids(whole, spec.num_slots)
    makers: dict[tuple[str, str], Callable[[], Fit]] = {}
    for prefix in setup.prefixes:
        cut = _cut(ids, spec, prefix)
        for probe, maker in _probes(plan, whole, classes, cut, key(prefix)).items():
            makers[probe, key(prefix)] = maker
    judged = _judge(plan, whole, classes, makers)
    found = []
    for prefix in setup.prefixes:
        name = key(prefix)
        metrics = {}
        for probe in (*BASELINES, *plan.probes):
            values = judged[probe, "" if probe in BASELINES else name]
            for row, value in zip(whole.rows, values.tolist(), strict=True):
                row["qualities"][name][probe] = value
            metrics[f"accuracy_{probe}"] = figure(ACCURACY, values.tolist(), _clusters(plan, whole))
            package = None if probe == "attentive" else "scikit-learn"
            metrics[f"accuracy_{probe}"] |= {
                "settings": {"folds": plan.protocol.folds, "seeds": plan.protocol.seeds},
                "implementation": implementation(package),
                "weights": None,
            }
        rows = [{**row, **row["qualities"][name]} for row in whole.rows]
        found.append(
            {
                "prefix": prefix,
                "unit": None if spec.prefixes is None else spec.prefixes.unit,
                "rate": rate_of(name, rows, whole, spec.vocab_sizes),
                "metrics": metrics,
                "speed": {},
            }
        )
    return found


def _probes(
    plan: Probing, whole: Chunk, classes: np.ndarray, ids: Tensor, name: str
) -> Mapping[str, Callable[[], Fit]]:
    sizes = plan.setup.tok.vocab_sizes[: ids.shape[1]]
    starts = np.cumsum([0, *sizes[:-1]])[:, None]
    found: dict[str, Callable[[], Fit]] = {}
    if "vectors" in plan.probes:
        vectors = whole.arrays[f"vectors/{name}"].numpy()
        found["vectors"] = lambda: linear_fit(vectors, classes)
    if "bag" in plan.probes:
        bags = [(row + starts)[row >= 0] for row in ids.numpy()]
        found["bag"] = lambda: bag_fit(bags, sum(sizes), classes)
    if "attentive" in plan.probes:
        training = plan.protocol.training
        found["attentive"] = lambda: attentive_fit(ids, sizes, classes, training, plan.device)
    return found


def _judge(
    plan: Probing,
    whole: Chunk,
    classes: np.ndarray,
    makers: Mapping[tuple[str, str], Callable[[], Fit]],
) -> dict[tuple[str, str], np.ndarray]:
    raw = whole.arrays["raw"].numpy()
    everything: dict[tuple[str, str], Callable[[], Fit]] = {
        ("majority", ""): lambda: majority_fit(classes),
        ("raw", ""): lambda: linear_fit(raw, classes),
        **makers,
    }
    clusters = _clusters(plan, whole)
    protocol = plan.protocol
    return {
        name: correctness(
            make(), classes, clusters, folds=protocol.folds, seeds=range(protocol.seeds)
        )
        for name, make in tqdm(everything.items(), "probes", unit="probe", disable=None)
    }


def _clusters(plan: Probing, whole: Chunk) -> list[str] | None:
    if plan.setup.cluster is None:
        return None
    return [plan.setup.cluster_of(row["id"]) for row in whole.rows]


def _cut(ids: Tensor, spec: Any, prefix: int | None) -> Tensor:
    """The ids of a quality, as Tokens.prefix cuts them."""
    if prefix is None:
        return ids
    size = spec.prefixes.size_of(prefix)
    return ids[:, :size] if spec.prefixes.axis == "slot" else ids[:, :, :size]
