"""The numbers of a NeuCodec; the fields are the card's ``config``."""

from dataclasses import dataclass

from ..layers.fsq_codec import FsqCodecConfig


@dataclass(frozen=True)
class NeuCodecConfig(FsqCodecConfig):
    """Those of an X-codec 2, and the sample rates on both ends in Hz."""

    input_rate: int
    output_rate: int
