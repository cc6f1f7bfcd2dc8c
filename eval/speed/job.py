"""One measurement: what a fresh process is told to do."""

from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("encode", "decode", "parts", "agreement", "against")


@dataclass(frozen=True)
class Job:
    """Everything a measurement depends on; plain values, so that it travels as JSON."""

    kind: str  # one of KINDS
    name: str
    random_weights: bool = False
    batch: int = 1
    prefix: int | None = None
    repeat: int = 3
    threads: int | None = None
    device: str = "cpu"
    dtype: str = "float32"
    other_dtype: str = "bfloat16"  # agreement: compared with float32
    compile: bool = False
    images: str | None = None  # agreement: a folder of pictures instead of made-up ones
    limit: int = 16  # agreement: pictures
    seed: int = 0
    seconds: float = 5.0  # of made sounds, and of videos of any length
    tokens: str | None = None  # file that encode writes and decode reads
    options: dict[str, Any] = field(default_factory=dict)
    only: str | None = None  # against: one of the two verbs
    against: str | None = None  # the other side, and what is said of it
    other: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)
