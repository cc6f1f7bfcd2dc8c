"""X-codec 2 against a recorded run of its original parts."""

from golden_case import Case
from golden_fsq import compare, config_of

from zoo.models.layers.fsq_codec import FsqCodecConfig, half_a_hop
from zoo.models.xcodec2.tokenizer import Xcodec2
from zoo.typed import from_mapping


def check(case: Case) -> None:
    config = from_mapping(FsqCodecConfig, config_of(case), "golden")
    compare(case, config, Xcodec2.build, lambda sound: half_a_hop(sound, config.hop))
