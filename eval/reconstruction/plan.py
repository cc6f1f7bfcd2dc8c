"""A reconstruction task on one tokenizer: what is measured on chunks, and what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics import SampleMetric
from ..metrics.sets import SetMetric
from ..results.chunk import Chunk
from ..samples import Sample
from .ends import Ends
from .report import qualities
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
    ) -> None:
        self.run = Reconstruction(setup, ends, metrics, sets)
        self.skipped = skipped

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the figures depend on."""
        own = {**self.run.metrics, **self.run.sets}
        return {
            **self.run.settings,
            "metrics": {
                name: {"settings": metric.settings, "weights": metric.weights}
                for name, metric in own.items()
            },
        }

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Measure samples, the first of which is number ``first`` of the data set."""
        return self.run.chunk(samples, first)

    def qualities(self, whole: Chunk) -> list[dict[str, Any]]:
        """Rate, figures and speed of every quality."""
        return qualities(self.run, whole)
