"""Higgs audio v2 against a recorded run of Boson AI's HiggsAudioTokenizer."""

from golden_case import Case
from golden_fused import compare, config_of

from zoo.models.higgs.config import HiggsConfig
from zoo.models.higgs.model import build_model


def check(case: Case) -> None:
    config = config_of(case, HiggsConfig, codebook_dim=case.config["codebook_dim"])
    compare(case, config, build_model)
