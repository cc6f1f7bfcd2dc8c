"""The files of an unCLIP pipeline, as diffusers lays them out -> a Painter.

Source: stabilityai/stable-diffusion-2-1-unclip on the Hub; names of files from memory.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
    StableUnCLIPImageNormalizer,
)
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import nn

from zoo.errors import CheckpointCorruptError, CheckpointUnavailableError, NotSupportedError

from .painter import Painter

# Samplers that draw nothing on the way: latents and condition decide the image.
SAMPLERS = (
    "DDIMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerDiscreteScheduler",
    "PNDMScheduler",
    "UniPCMultistepScheduler",
)


_MODEL = (
    ("config.json",),
    ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
)
_SCHEDULE = (("scheduler_config.json",), ())
FILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "image_normalizer": _MODEL,
    "image_noising_scheduler": _SCHEDULE,
    "tokenizer": (
        ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"),
        (),
    ),
    "text_encoder": (("config.json",), ("model.safetensors", "pytorch_model.bin")),
    "unet": _MODEL,
    "scheduler": _SCHEDULE,
    "vae": _MODEL,
}
"""Part -> its files, and its weights: the first of these that is there."""


def load_painter(fetch: Callable[..., Path]) -> Painter:
    """Load the parts of a pipeline, file by file.

    Classes are named here; of the pipeline's index only the sampler is taken, if it is a known one.

    Args:
        fetch: without argument the local path of the index, model_index.json; with the relative
            name of a file that lies beside it, the path of that file.

    Raises:
        NotSupportedError: without transformers, which the text encoder needs.
        CheckpointUnavailableError: if a file cannot be had.
        CheckpointCorruptError: for a pipeline of another kind.
    """
    try:
        from transformers import CLIPTextModel, CLIPTokenizer
    except ImportError as error:
        raise NotSupportedError(
            "SEED's painter needs transformers for its text encoder: pip install transformers"
        ) from error
    index = fetch()
    kinds = {
        "image_normalizer": StableUnCLIPImageNormalizer,
        "image_noising_scheduler": DDPMScheduler,
        "tokenizer": CLIPTokenizer,
        "text_encoder": CLIPTextModel,
        "unet": UNet2DConditionModel,
        "scheduler": _sampler(index),
        "vae": AutoencoderKL,
    }
    for name, (files, weights) in FILES.items():
        for file in files:
            fetch(f"{name}/{file}")
        _fetch_weights(fetch, [f"{name}/{file}" for file in weights])
    with torch.random.fork_rng(devices=[]):  # construction draws weights that are then replaced
        parts = {
            name: kind.from_pretrained(index.parent, subfolder=name, local_files_only=True)
            for name, kind in kinds.items()
        }
    for part in parts.values():
        if isinstance(part, nn.Module):
            part.eval().requires_grad_(False)
    tokenizer = parts.pop("tokenizer")
    length = tokenizer.model_max_length
    words = tokenizer("", padding="max_length", max_length=length, return_tensors="pt").input_ids
    return Painter(words, **parts)


def _fetch_weights(fetch: Callable[..., Path], names: Sequence[str]) -> None:
    """Fetch the first of the files that is there."""
    reasons = []
    for name in names:
        try:
            fetch(name)
            return
        except CheckpointUnavailableError as error:
            reasons.append(error)
    if reasons:
        raise reasons[0]


def _sampler(index: Path) -> Any:
    content = json.loads(index.read_text(encoding="utf-8"))
    named = content.get("scheduler") if isinstance(content, Mapping) else None
    if not (isinstance(named, list) and named[-1] in SAMPLERS):
        raise CheckpointCorruptError(
            f"{index} names the sampler {named!r}; known: {', '.join(SAMPLERS)}"
        )
    return getattr(diffusers, named[-1])
