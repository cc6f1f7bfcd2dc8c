"""From all chunks of a reconstruction to the figures of its result."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..anchors import Anchor, Setting
from ..results.chunk import Chunk
from ..results.compute import flops_entries
from ..results.figures import sample_figures
from ..results.rate import rate_of
from .equal_bits import at_equal_bits
from .numbers import number
from .run import Reconstruction
from .setup import key


def figures(run: Reconstruction, whole: Chunk) -> dict[str, Any]:
    """Qualities, coarse to full, and anchors, by codec and setting."""
    found: dict[str, Any] = {
        "qualities": [_quality(run, whole, prefix) for prefix in run.setup.prefixes]
    }
    if run.anchors:
        found["anchors"] = [
            _anchor(run, whole, anchor, setting)
            for anchor in run.anchors
            for setting in anchor.settings
        ]
        for quality in found["qualities"]:
            bits = quality["rate"]["nominal_bits"]
            quality["equal_bits"] = at_equal_bits(bits, found["anchors"])
    return found


def _anchor(run: Reconstruction, whole: Chunk, anchor: Anchor, setting: Setting) -> dict[str, Any]:
    rows = [{**row, **row["anchors"][f"{anchor.name} {setting}"]} for row in whole.rows]
    bits = sum(row["bits"] for row in rows)
    rate: dict[str, Any] = {"nominal_bits": bits / len(rows), "counted": anchor.bits}
    for unit, name in (("pixels", "per_pixel"), ("seconds", "per_second")):
        if unit in rows[0]:
            rate[name] = {"nominal_bits": bits / sum(row[unit] for row in rows)}
    return {
        "codec": anchor.name,
        "setting": str(setting),
        "unit": anchor.unit,
        "library": anchor.library,
        "rate": rate,
        "metrics": _single(run, rows),
    }


def _single(run: Reconstruction, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    clusters = None
    if run.setup.cluster is not None:
        clusters = [run.setup.cluster_of(row["id"]) for row in rows]
    metrics: dict[str, Any] = {}
    for metric in run.metrics.values():
        values = {column: [number(row[column]) for row in rows] for column in metric.columns}
        metrics |= sample_figures(metric, values, clusters)
    return metrics


def _quality(run: Reconstruction, whole: Chunk, prefix: int | None) -> dict[str, Any]:
    name, spec = key(prefix), run.setup.tok.spec
    rows = [{**row, **row["qualities"][name]} for row in whole.rows]
    metrics = _single(run, rows)
    for label, metric in run.sets.items():
        pair = (whole.arrays[f"{label}/reference"], whole.arrays[f"{label}/{name}"])
        shared = {
            "settings": metric.settings,
            "implementation": metric.implementation,
            "weights": metric.weights,
        }
        metrics |= {k: entry | shared for k, entry in metric.figures(*pair).items()}
    metrics |= flops_entries(whole, ("encode", f"decode {name}"))
    return {
        "prefix": prefix,
        "unit": None if spec.prefixes is None else spec.prefixes.unit,
        "rate": rate_of(name, rows, whole, spec.vocab_sizes),
        "metrics": metrics,
        "speed": {
            "encode": speed(whole.seconds["encode"], rows, run.setup.batch_size),
            "decode": speed(whole.seconds[f"decode {name}"], rows, run.setup.batch_size),
        },
    }


def speed(
    spent: Sequence[float], rows: Sequence[Mapping[str, Any]], batch: int | None
) -> dict[str, float | None]:
    """Throughput of one verb in this run; ``zoo bench`` is the careful measurement.

    ``batch`` is what was asked for; None: the tokenizer's own choice.
    """
    items, wall, cpu = spent
    found: dict[str, float | None] = {
        "items_per_s": items / wall,
        "cpu_s_per_item": cpu / items,
        "batch": batch,
    }
    if all("seconds" in row for row in rows):
        found["x_realtime"] = sum(row["seconds"] for row in rows) / wall
    return found
