"""What a run leaves to look at: a log of figures, a plot of them, pictures."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Here and not where it is needed: without matplotlib a run fails before its first step.
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..atomic import atomic_write
from .objective import Cell

LOG = "metrics.jsonl"


def last_validation(folder: Path) -> dict[str, Any]:
    """The last line of validation figures that a stage's folder has; empty where there is none."""
    found: dict[str, Any] = {}
    for entry in _entries(folder / LOG):
        if "validation" in entry:
            found = entry
    return found


class Report:
    """Writes ``metrics.jsonl``, ``curves.png`` and ``pictures-STEP.png`` into a folder."""

    def __init__(self, folder: Path, enabled: bool = True) -> None:
        self.folder = folder
        self.enabled = enabled
        self.log = folder / LOG

    def losses(self, step: int, values: dict[str, float]) -> None:
        """Append one line of training losses."""
        self._append({"step": step, "train": values})

    def validation(
        self, step: int, values: dict[str, float], pictures: list[list[Cell]], seconds: float
    ) -> None:
        """Append one line of validation figures; draw curves and pictures anew.

        ``seconds``: that the stage has taken up to here, over all of its runs, but for work that
        was lost with a kill and done again.
        """
        self._append({"step": step, "validation": values, "seconds": round(seconds, 1)})
        self._plot()
        if pictures and self.enabled:
            from ..media.grid import labelled_grid

            with atomic_write(self.folder / f"pictures-{step:08d}.png") as temporary:
                labelled_grid(pictures).save(temporary)

    def _append(self, line: dict[str, object]) -> None:
        if self.enabled:
            with self.log.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                cut = file.read(1) not in (b"", b"\n")  # the run before ended inside a line
                file.write(b"\n" * cut + json.dumps(line).encode() + b"\n")

    def _plot(self) -> None:
        if not self.enabled:
            return
        curves: dict[str, dict[int, float]] = defaultdict(dict)
        for entry in _entries(self.log):
            for kind in ("train", "validation"):
                for name, value in entry.get(kind, {}).items():
                    curves[f"{kind} {name}"][entry["step"]] = value  # a resumed step overwrites
        figure = Figure(figsize=(7, 2.2 * len(curves)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(curves), 1, squeeze=False)[:, 0]
        for axis, (name, points) in zip(axes, sorted(curves.items()), strict=True):
            steps = sorted(points)
            axis.plot(steps, [points[step] for step in steps], linewidth=1)
            axis.set_title(name, fontsize=9)
        with atomic_write(self.folder / "curves.png") as temporary:
            figure.savefig(temporary)


def _entries(log: Path) -> Iterator[dict[str, Any]]:
    """Lines of a log; those that a full disk or a power cut has left half written are skipped."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue
