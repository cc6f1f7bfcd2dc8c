"""A reconstruction task on one tokenizer: what is measured on chunks, and what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..anchors import Anchor
from ..metrics import SampleMetric
from ..metrics.sets import SetMetric
from ..results.chunk import Chunk
from ..samples import Sample
from .ends import Ends
from .report import figures
from .run import Reconstruction
from .setup import Setup


class ReconstructionPlan:
    """The :class:`zoo.eval.tasks.Plan` of every reconstruction task."""

    def __init__(
        self,
        setup: Setup,
        ends: Ends,
        metrics: Mapping[str, SampleMetric],
        sets: Mapping[str, SetMetric],
        skipped: Sequence[Mapping[str, str]],
        anchors: Sequence[Anchor] = (),
    ) -> None:
        self.run = Reconstruction(setup, ends, metrics, sets, anchors)
        self.skipped = skipped

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the figures depend on."""
        own = {**self.run.metrics, **self.run.sets}
        return {
            **self.run.settings,
            "anchors": [f"{anchor.name} by {anchor.library}" for anchor in self.run.anchors],
            "metrics": {
                name: {"settings": metric.settings, "weights": metric.weights}
                for name, metric in own.items()
            },
        }

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Measure samples, the first of which is number ``first`` of the data set."""
        return self.run.chunk(samples, first)

    def figures(self, whole: Chunk) -> dict[str, Any]:
        """Rate, figures and speed of every quality, and of the anchors."""
        return figures(self.run, whole)
