"""X-codec against recorded runs of SoundStream, with HuBERT and with WavLM."""

from golden_case import Case
from golden_fused import compare, config_of

from zoo.models.layers.fused_codec import FusedConfig
from zoo.models.xcodec.model import build_model


def check(case: Case) -> None:
    compare(case, config_of(case, FusedConfig), build_model)
