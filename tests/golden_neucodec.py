"""NeuCodec against a recorded run of its original class."""

from golden_case import Case
from golden_fsq import RATE, compare, config_of

from zoo.models.neucodec.config import NeuCodecConfig
from zoo.models.neucodec.tokenizer import NeuCodec
from zoo.typed import from_mapping


def check(case: Case) -> None:
    given = case.config
    output_rate = RATE * given["decoder_hop_length"] // given["hop_length"]
    rates = {"input_rate": RATE, "output_rate": output_rate}
    config = from_mapping(NeuCodecConfig, config_of(case) | rates, "golden")
    compare(case, config, NeuCodec.build, lambda sound: sound)
