"""A TempMe of a few thousand numbers: its card, and one set of weights in all published spellings."""

import json
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

CARD = """\
---
license: mit
zoo:
  schema: 1
  family: tempme
  id_revision: 1
  source:
    - name: clip
      role: encode
      file: {file}
      format: clip
    - name: words
      role: lazy
      file: tokenizer.json
      format: tokenizers
  config:
    trunk: {{image_size: 32, patch: 8, width: 32, depth: 3, heads: 2, hidden: 64}}
    merging:
      frames: 4
      per_frame: 1
      join_blocks: [1, 2]
      joins: [2, 2]
      cross_percent: 30
      intra_percent: 10
    retrieval:
      embedding: 16
      text: {{words: 264, context: 12, longest: 8, width: 24, depth: 2, heads: 2, hidden: 48}}
  input:
    modality: video
    size: [32, 32]
    fit: crop
    interpolation: bicubic
    mean: [0.48145466, 0.4578275, 0.40821073]
    std: [0.26862954, 0.26130258, 0.27577711]
    frames: 4
    fps: 1
    sampling: spread
  tokens:
    order: time
    vocab_sizes: [64]
    segment: 23
    segment_hop: 4
    crop: 23
    extras:
      - name: source_map
        dtype: int32
        axes: [item, frame, row, column]
        neutral: -1
        bits: 5
        labels: true
  deterministic_decode: true
  can_encode: false
  can_decode: false
---

A TempMe too small for anything but tests.
"""


def clip(seed: int = 0) -> CLIPModel:
    """The CLIP behind it, as transformers has it."""
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    text = {
        "vocab_size": 264,
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 12,
        "bos_token_id": 262,
        "eos_token_id": 263,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=16))
        for parameter in model.parameters():  # biases are zero at birth
            if parameter.ndim < 2 and not parameter.any():
                torch.nn.init.normal_(parameter, std=0.1)
    return model.eval().requires_grad_(False)


def openai(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under OpenAI's names."""
    vision, text = "vision_model.embeddings", "text_model.embeddings"
    found = {
        "visual.class_embedding": state[f"{vision}.class_embedding"],
        "visual.positional_embedding": state[f"{vision}.position_embedding.weight"],
        "visual.conv1.weight": state[f"{vision}.patch_embedding.weight"],
        "visual.proj": state["visual_projection.weight"].T,
        "positional_embedding": state[f"{text}.position_embedding.weight"],
        "token_embedding.weight": state[f"{text}.token_embedding.weight"],
        "text_projection": state["text_projection.weight"].T,
        "logit_scale": state["logit_scale"],
    }
    norms = {
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
        "ln_final": "text_model.final_layer_norm",
    }
    for tower, ours, depth in (("vision_model", "visual.", 3), ("text_model", "", 2)):
        for layer in range(depth):
            block, theirs = (
                f"{ours}transformer.resblocks.{layer}",
                f"{tower}.encoder.layers.{layer}",
            )
            for kind in ("weight", "bias"):
                parts = [state[f"{theirs}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
                found[f"{block}.attn.in_proj_{kind}"] = torch.cat(parts)
            norms |= {
                f"{block}.attn.out_proj": f"{theirs}.self_attn.out_proj",
                f"{block}.ln_1": f"{theirs}.layer_norm1",
                f"{block}.ln_2": f"{theirs}.layer_norm2",
                f"{block}.mlp.c_fc": f"{theirs}.mlp.fc1",
                f"{block}.mlp.c_proj": f"{theirs}.mlp.fc2",
            }
    for ours, theirs in norms.items():
        found |= {f"{ours}.{kind}": state[f"{theirs}.{kind}"] for kind in ("weight", "bias")}
    return found


def trained(state: dict[str, Tensor], seed: int = 1) -> dict[str, Tensor]:
    """OpenAI's names -> upstream's ``best.pth``, with additions that do something."""
    random = torch.Generator().manual_seed(seed)
    found = {f"clip.{name}": tensor for name, tensor in state.items()}
    for name, tensor in state.items():
        if name.endswith("attn.in_proj_weight"):
            attention, (out, width) = name.removesuffix("in_proj_weight"), tensor.shape
            for side, shape in (("a", (2, width)), ("b", (out, 2))):
                made = torch.randn(shape, generator=random) * 0.2
                found[f"clip.{attention}TVPt_LoRA_{side}"] = made
    for block, clips in ((1, 4), (2, 2)):
        name = f"clip.visual.transformer.resblocks.{block}.TVPt_Video_Positional_embedding"
        found[name] = torch.randn(1, clips, 1, 32, generator=random) * 0.2
    return found


def write_vocabulary(path: Path) -> None:
    """A ``tokenizer.json`` as CLIP's: letters of bytes, a few merges, two marks."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())[:120]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "ca", "cat</w>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    vocabulary |= {"<|startoftext|>": 262, "<|endoftext|>": 263}
    marks = [
        {
            "id": vocabulary[mark],
            "content": mark,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for mark in ("<|startoftext|>", "<|endoftext|>")
    ]
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": marks,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": pattern},
                    "behavior": "Removed",
                    "invert": True,
                },
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
            ],
        },
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<|endoftext|>",
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "vocab": vocabulary,
            "merges": ["c a", "ca t</w>"],
        },
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def write_card(folder: Path, file: str) -> Path:
    """A card whose weights are ``file``, and its vocabulary."""
    write_vocabulary(folder / "tokenizer.json")
    path = folder / f"{Path(file).stem.replace('.', '-')}.md"
    path.write_text(CARD.format(file=file), encoding="utf-8")
    return path
