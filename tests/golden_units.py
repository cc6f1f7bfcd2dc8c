"""The unit vocoder against recorded runs of speechbrain's."""

import torch
from golden_case import Case
from torch import nn

from zoo.models.units.config import Vocoder
from zoo.models.units.keys import VOCODER
from zoo.models.units.vocoder import UnitVocoder
from zoo.weights import fill

SOUND = 1e-5


def check(case: Case) -> None:
    given = case.config["generator"]
    config = Vocoder(
        embedding=given["embedding_dim"],
        attention=given["attn_dim"],
        channels=given["upsample_initial_channel"],
        upsampling=tuple(given["upsample_factors"]),
        kernels=tuple(given["upsample_kernel_sizes"]),
        block_kernels=tuple(given["resblock_kernel_sizes"]),
        dilations=tuple(given["resblock_dilation_sizes"][0]),
    )
    assert given["resblock_type"] == "1"
    holder = nn.Module()
    with torch.device("meta"):
        vocoder = UnitVocoder(config, case.config["slots"], case.config["clusters"])
    holder.vocoder = vocoder
    fill(holder, [case.state], VOCODER)
    codes = case.input("codes")
    with torch.inference_mode():
        for suffix, layers in (("", 3), ("_1", 1), ("_2", 2)):
            units = codes.clone()
            units[:, layers:] = -1
            case.close(f"sound{suffix}", vocoder(units), SOUND)
