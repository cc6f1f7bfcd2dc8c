"""Writes tests/cards/test-seed-painter: an unCLIP pipeline too small for anything but tests.

python tests/tiny_painter.py
"""

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
    StableUnCLIPImageNormalizer,
)
from transformers import CLIPTextConfig, CLIPTextModel

FOLDER = Path(__file__).parent / "cards" / "test-seed-painter"
EMBEDDING, SIDE, WORDS = 16, 4, 8  # numbers, latents a side, words of the empty prompt


def parts() -> dict[str, Any]:
    torch.manual_seed(0)
    normalizer = StableUnCLIPImageNormalizer(EMBEDDING)
    torch.nn.init.uniform_(normalizer.mean, -1, 1)
    torch.nn.init.uniform_(normalizer.std, 0.5, 2)
    return {
        "image_normalizer": normalizer,
        "image_noising_scheduler": diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        "text_encoder": CLIPTextModel(
            CLIPTextConfig(
                vocab_size=4,
                hidden_size=8,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=WORDS,
                bos_token_id=0,
                eos_token_id=1,
                pad_token_id=2,
            )
        ),
        "unet": diffusers.UNet2DConditionModel(
            sample_size=SIDE,
            block_out_channels=(8, 8),
            norm_num_groups=4,
            layers_per_block=1,
            attention_head_dim=(2, 2),
            cross_attention_dim=8,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            use_linear_projection=True,
            class_embed_type="projection",
            projection_class_embeddings_input_dim=2 * EMBEDDING,
        ),
        "scheduler": diffusers.DDIMScheduler(
            prediction_type="v_prediction",
            beta_schedule="scaled_linear",
            steps_offset=1,
            clip_sample=False,
        ),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(4, 4, 8, 8),
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
        ),
    }


def write(folder: Path = FOLDER) -> None:
    made = parts()
    for name, part in made.items():
        part.save_pretrained(folder / name)
    words = folder / "tokenizer"
    words.mkdir(exist_ok=True)
    ends = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "!"}
    ends["unk_token"] = ends["eos_token"]
    vocabulary = {ends["bos_token"]: 0, ends["eos_token"]: 1, "!": 2, "a</w>": 3}
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": WORDS, **ends}
    index = {
        "_class_name": "StableUnCLIPImg2ImgPipeline",
        "scheduler": ["diffusers", type(made["scheduler"]).__name__],
    }
    for path, content in {
        words / "vocab.json": vocabulary,
        words / "tokenizer_config.json": settings,
        words / "special_tokens_map.json": ends,
        folder / "model_index.json": index,
    }.items():
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (words / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")


if __name__ == "__main__":
    write()
