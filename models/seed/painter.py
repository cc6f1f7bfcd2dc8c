"""Painting an image from its embedding: unCLIP Stable Diffusion 2.1, by diffusers.

Source: diffusers' ``StableUnCLIPImg2ImgPipeline``, of which upstream keeps a copy that differs by
negative embeddings only (AILab-CVC/SEED 93b3cf4, ``models/pipeline_stable_unclip_img2img.py``).
"""

from copy import deepcopy
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img import (
    StableUnCLIPImg2ImgPipeline,
)
from torch import Tensor, nn


class ReadyPipeline(StableUnCLIPImg2ImgPipeline):
    """Takes the UNet's class labels as ``image_embeds``, guidance included, and adds no noise."""

    def _encode_image(self, *args: Any, image_embeds: Tensor, **kwargs: Any) -> Tensor:
        return image_embeds


class Painter:
    """The parts of an unCLIP pipeline, without the image encoder that SEED's ids replace.

    ``words`` [1, n] are the text tokenizer's ids of the empty prompt. They are kept instead of it:
    fast tokenizers remember how they were called last, so threads cannot share one.
    """

    def __init__(self, words: Tensor, **parts: Any) -> None:
        self.words = words
        self.parts = parts

    @property
    def width(self) -> int:
        """Width of the image embedding."""
        return self.parts["image_normalizer"].mean.shape[-1]

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Shape of the noise that one image starts from."""
        config = self.parts["unet"].config
        return config.in_channels, config.sample_size, config.sample_size

    def to(self, device: torch.device, dtype: torch.dtype) -> "Painter":
        """Move the networks; the condition is always computed in fp32."""
        for name, part in self.parts.items():
            kind = torch.float32 if name == "image_normalizer" else dtype
            if isinstance(part, nn.Module) and (part.device, part.dtype) != (device, kind):
                part.to(device, kind)
        return self

    def labels(self, embeddings: Tensor, noise: Tensor, level: int) -> Tensor:
        """Embeddings and noise [b, width] -> the UNet's class labels [b, 2 * width], fp32.

        Even at level 0 some noise is added: 0.0064 of an embedding's spread.
        """
        normalizer, schedule = self.parts["image_normalizer"], self.parts["image_noising_scheduler"]
        levels = torch.full((len(embeddings),), level, device=embeddings.device)
        noised = schedule.add_noise(normalizer.scale(embeddings.float()), noise.float(), levels)
        waves = sinusoids(level, self.width).to(noised).expand(len(noised), -1)
        return torch.cat([normalizer.unscale(noised), waves], dim=1)

    def guided(self, labels: Tensor, negative: Tensor | None) -> Tensor:
        """Labels [b, n] -> those of a batch with guidance [2 * b, n], what to avoid first."""
        return torch.cat([torch.zeros_like(labels) if negative is None else negative, labels])

    def paint(self, labels: Tensor, latents: Tensor, *, steps: int, scale: float) -> Tensor:
        """Labels and noise [b, c, h, w] -> images [b, 3, H, W] in 0..1.

        ``labels`` are ``guided`` where ``scale``, the strength of guidance, is above 1.
        """
        pipeline = self._pipeline()
        kind = self.parts["unet"].dtype
        words = self.parts["text_encoder"](self.words.to(latents.device))[0]
        words = words.expand(len(latents), -1, -1)
        return pipeline(
            prompt_embeds=words,
            negative_prompt_embeds=words,
            image_embeds=labels.to(kind),
            latents=latents.to(kind),
            num_inference_steps=steps,
            guidance_scale=scale,
            output_type="pt",
            return_dict=False,
        )[0].float()

    def _pipeline(self) -> ReadyPipeline:
        """One for each call: samplers remember where they are."""
        unused = ("feature_extractor", "image_encoder", "tokenizer")
        changed: dict[str, Any] = dict.fromkeys(unused)
        changed["scheduler"] = deepcopy(self.parts["scheduler"])
        pipeline = ReadyPipeline(**self.parts | changed)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def sinusoids(level: int, width: int) -> Tensor:
    """Cosines and sines of a noise level [width], fp64.

    diffusers takes the angles in fp32, so that theirs differ by 1e-5 from machine to machine.
    """
    rates = 10000.0 ** -(torch.arange(width // 2, dtype=torch.float64) / (width // 2))
    return torch.cat([torch.cos(level * rates), torch.sin(level * rates)])
