"""TempMe's weights in every published spelling, and adapters added to what they adapt."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from golden_case import GOLDEN
from safetensors.torch import save_file
from tempme_built import NUMBERS, load, tempme_folder, trained_tempme  # noqa: F401
from tempme_files import clip, openai, trained, write_card

import zoo
from zoo.convert import convert
from zoo.errors import CheckpointCorruptError
from zoo.loading import build_module, read_config
from zoo.models.tempme.keys import CLIP
from zoo.models.tempme.tokenizer import TempMe
from zoo.weights import compare_shapes


@pytest.mark.parametrize("patch", [32, 16])
def test_every_published_spelling_has_our_tensors(patch: int) -> None:
    """Transformers' list is compared with the card's part; here are the other two."""
    card = zoo.card(f"tempme-clip-vit-b{patch}")
    module = build_module(TempMe, read_config(card, {}), meta=True)
    path = GOLDEN / "tempme" / "names" / f"best_vit_b{patch}.json"
    best = json.loads(path.read_text(encoding="utf-8"))["keys"]
    assert len(best) == 353
    report = compare_shapes(module, best, CLIP)
    assert replace(report, unfilled=()).ok, str(report)
    assert not report.zeros
    names = {k.removeprefix("clip."): s for k, s in best.items() if "TVPt" not in k}
    report = compare_shapes(module, names | NUMBERS, CLIP)
    assert replace(report, unfilled=()).ok, str(report)
    assert [name for name, _ in report.zeros] == [
        f"encoder.blocks.{block}.clip_positions" for block in (8, 9, 10)
    ]


def test_one_clip_in_three_spellings_is_one_model(folder: Path) -> None:
    plain = load(folder, "pytorch_model").module.state_dict()
    for name in ("openai", "untrained"):
        other = load(folder, name).module.state_dict()
        assert all(torch.equal(tensor, other[key]) for key, tensor in plain.items())
    best = load(folder, "best").module.state_dict()
    assert not torch.equal(
        best["text.blocks.0.attention.qkv.weight"], plain["text.blocks.0.attention.qkv.weight"]
    )


def test_adapters_are_added_to_what_they_adapt(folder: Path, tok: TempMe) -> None:
    state = trained(openai(clip().state_dict()))
    block = "clip.visual.transformer.resblocks.1."
    added = state[f"{block}attn.TVPt_LoRA_b"] @ state[f"{block}attn.TVPt_LoRA_a"]
    ours = tok.module.encoder.blocks[1]
    expected = state[f"{block}attn.in_proj_weight"] + added
    torch.testing.assert_close(ours.attention.qkv.weight, expected)
    positions = state[f"{block}TVPt_Video_Positional_embedding"][0, :, 0]
    assert torch.equal(ours.clip_positions, positions)


def test_plain_clip_is_transformers_clip(folder: Path) -> None:
    """Up to the first merge, and for texts, whose tower merges nothing."""
    tok, theirs = load(folder, "pytorch_model"), clip()
    frames = torch.randn(1, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    state = tok.module.encoder.start(frames)
    hidden = theirs.vision_model(frames[0], output_hidden_states=True).hidden_states
    torch.testing.assert_close(state.tokens, hidden[0])
    block = tok.module.encoder.blocks[0]
    mixed, _ = block.attention(block.norm1(state.tokens))
    tokens = state.tokens + mixed
    torch.testing.assert_close(tokens + block.mlp(block.norm2(tokens)), hidden[1])
    head = tok.module.video_head
    assert head is not None
    pooled = theirs.visual_projection(theirs.vision_model.post_layernorm(hidden[-1][:, 0]))
    pooled = pooled / pooled.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(head.frames(hidden[-1][:, 0]), pooled)
    words = torch.tensor([[262, 5, 9, 263], [262, 263, 0, 0]])
    expected = theirs.get_text_features(words, attention_mask=torch.ones_like(words)).pooler_output
    assert tok.module.text is not None
    torch.testing.assert_close(tok.module.text(words, (words > 0).long()), expected)


def test_a_users_own_training_is_converted_and_loaded(folder: Path, tmp_path: Path) -> None:
    zoo_folder = tmp_path / "mine"
    convert(folder / "pytorch_model.md", zoo_folder, files={"clip": folder / "best.pth"})
    again = zoo.load(zoo_folder).module.state_dict()
    expected = load(folder, "best").module.state_dict()
    assert all(torch.equal(tensor, again[key]) for key, tensor in expected.items())


def test_half_an_adapter_is_no_checkpoint(folder: Path, tmp_path: Path) -> None:
    state = trained(openai(clip().state_dict()))
    del state["clip.visual.transformer.resblocks.1.attn.TVPt_LoRA_a"]
    torch.save(state, tmp_path / "half.pth")
    with pytest.raises(CheckpointCorruptError, match=r"blocks\.1\.attention\.qkv\.weight"):
        zoo.load(write_card(tmp_path, "half.pth"))
    state = trained(openai(clip().state_dict()))
    save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "best.safetensors")
    card = write_card(tmp_path, "best.safetensors")
    text = card.read_text().replace("join_blocks: [1, 2]", "join_blocks: [0, 2]")
    card.write_text(text)
    with pytest.raises(CheckpointCorruptError, match=r"blocks\.1\.clip_positions"):
        zoo.load(card)
