"""What a run leaves to look at: a log of figures, a plot of them, pictures."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from ..atomic import atomic_write
from .objective import Cell

LOG = "metrics.jsonl"


def last_validation(folder: Path) -> dict[str, Any]:
    """The last line of validation figures that a stage's folder has; empty where there is none."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    entries = [json.loads(line) for line in lines]
    return next((entry for entry in reversed(entries) if "validation" in entry), {})


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

        ``seconds``: that the stage has taken up to here, over all of its runs.
        """
        self._append({"step": step, "validation": values, "seconds": round(seconds, 1)})
        self._plot()
        if pictures and self.enabled:
            from ..media.grid import labelled_grid

            with atomic_write(self.folder / f"pictures-{step:08d}.png") as temporary:
                labelled_grid(pictures).save(temporary)

    def _append(self, line: dict[str, object]) -> None:
        if self.enabled:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _plot(self) -> None:
        if not self.enabled:
            return
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        curves: dict[str, dict[int, float]] = defaultdict(dict)
        for line in self.log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
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
