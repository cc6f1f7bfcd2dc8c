"""Where and how fast a job runs: nothing here changes what is written."""

from dataclasses import dataclass

from ..errors import NotSupportedError

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Resources:
    """Processes, devices and threads of one call."""

    engine: str = "local"
    device: str = "cpu"
    """Of the local engine."""
    workers: int | None = None
    """Threads per model that read and prepare; one per core by default."""
    batch_size: int | None = None
    """Items at a time."""
    rank: int = 0
    """Of this process among ``world`` that share the folder: it does every world-th unit."""
    world: int = 1
    address: str | None = None
    """Of a Ray cluster; None: ``RAY_ADDRESS``, else one on this machine."""
    actors: int = 1
    """Models that Ray runs at a time."""
    gpus: float = 0
    """Per actor; 0: on the CPU."""
    cores: float = 1
    """Per actor."""

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise NotSupportedError(f"engine={self.engine!r}; expected one of {known}")
        if not 0 <= self.rank < self.world:
            raise NotSupportedError(f"rank {self.rank} of {self.world}: ranks count from 0")
        if self.actors < 1:
            raise NotSupportedError(f"actors={self.actors}: expected at least one")
