"""From all chunks of a reconstruction to the qualities of its result."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..results.chunk import Chunk
from ..results.figures import sample_figures
from ..results.rate import rate_of
from .numbers import number
from .run import Reconstruction
from .setup import key


def qualities(run: Reconstruction, whole: Chunk) -> list[dict[str, Any]]:
    """Rate, figures and speed of every quality, coarse to full."""
    return [_quality(run, whole, prefix) for prefix in run.setup.prefixes]


def _quality(run: Reconstruction, whole: Chunk, prefix: int | None) -> dict[str, Any]:
    name, spec = key(prefix), run.setup.tok.spec
    rows = [{**row, **row["qualities"][name]} for row in whole.rows]
    clusters = None
    if run.setup.cluster is not None:
        clusters = [run.setup.cluster_of(row["id"]) for row in rows]
    metrics: dict[str, Any] = {}
    for metric in run.metrics.values():
        values = {column: [number(row[column]) for row in rows] for column in metric.columns}
        metrics |= sample_figures(metric, values, clusters)
    for label, metric in run.sets.items():
        pair = (whole.arrays[f"{label}/reference"], whole.arrays[f"{label}/{name}"])
        shared = {
            "settings": metric.settings,
            "implementation": metric.implementation,
            "weights": metric.weights,
        }
        metrics |= {k: entry | shared for k, entry in metric.figures(*pair).items()}
    return {
        "prefix": prefix,
        "unit": None if spec.prefixes is None else spec.prefixes.unit,
        "rate": rate_of(name, rows, whole, spec.vocab_sizes),
        "metrics": metrics,
        "speed": {
            "encode": speed(whole.seconds["encode"], rows),
            "decode": speed(whole.seconds[f"decode {name}"], rows),
        },
    }


def speed(spent: Sequence[float], rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Throughput of one verb in this run; ``zoo bench`` is the careful measurement."""
    items, wall, cpu = spent
    found = {"items_per_s": items / wall, "cpu_s_per_item": cpu / items}
    if all("seconds" in row for row in rows):
        found["x_realtime"] = sum(row["seconds"] for row in rows) / wall
    return found
