"""TempMe as a whole: weights in every published spelling, features, windows, texts."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from golden_case import GOLDEN
from safetensors.torch import save_file
from samples import video, videos
from tempme_files import clip, openai, trained, write_card
from torch import Tensor

import zoo
from zoo.convert import convert
from zoo.errors import (
    CardError,
    CheckpointCorruptError,
    MediaError,
    NotSupportedError,
    TokenError,
)
from zoo.loading import build_module, load_random, read_config
from zoo.models.tempme.keys import CLIP
from zoo.models.tempme.source_map import group_sizes, unmerge
from zoo.models.tempme.tokenizer import TempMe
from zoo.models.tempme.words import Words
from zoo.weights import compare_shapes

NUMBERS = {"input_resolution": [], "context_length": [], "vocab_size": []}
GROUPS = 23


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One CLIP in three files, and what training made of it in a fourth."""
    folder = tmp_path_factory.mktemp("tempme")
    state = clip().state_dict()
    torch.save(state, folder / "pytorch_model.bin")
    numbers = {name: torch.tensor(7) for name in NUMBERS}
    torch.save(openai(state) | numbers, folder / "openai.pt")
    zeros = {k: v * (not k.endswith(("LoRA_b", "embedding"))) for k, v in additions(state).items()}
    torch.save(trained(openai(state)) | zeros, folder / "untrained.pth")
    torch.save(trained(openai(state)), folder / "best.pth")
    for file in ("pytorch_model.bin", "openai.pt", "untrained.pth", "best.pth"):
        write_card(folder, file)
    return folder


def additions(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: t for name, t in trained(openai(state)).items() if "TVPt" in name}


def load(folder: Path, name: str) -> TempMe:
    tok = zoo.load(folder / f"{name}.md")
    assert isinstance(tok, TempMe)
    return tok


@pytest.fixture(scope="module")
def tok(folder: Path) -> TempMe:
    return load(folder, "best")


def spread() -> list[tuple[Tensor, float]]:
    return [(video(9, 40, 56, 0), 1.0), (video(4, 32, 32, 1), 5.0)]


# weights


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


# features


def test_features_need_no_codebook(tok: TempMe) -> None:
    media = spread()
    assert (tok.can_encode, tok.can_decode, tok.vocab_sizes) == (False, False, ())
    merged = tok.merged(media)
    assert merged.source.shape == (2, 4, 4, 4)
    tokens = tok.features(media).tensor
    assert torch.equal(tokens, merged.tokens)
    assert tokens.shape == (2, GROUPS, 32)
    assert torch.equal(tok.features(media, "classes").tensor, merged.classes)
    grid = tok.features(media, "grid").tensor
    assert torch.equal(grid.unflatten(1, (4, 4, 4)), unmerge(tokens, merged.source))
    vector = tok.features(media, "video").tensor
    assert vector.shape == (2, 1, 16)
    head = tok.module.video_head
    assert head is not None
    assert torch.equal(vector[:, 0], head(merged.classes))
    assert torch.equal(merged.sizes, group_sizes(merged.source, GROUPS))
    assert tok.count(media) == [GROUPS, GROUPS]


def test_encode_and_decode_say_how_to_get_ids(tok: TempMe) -> None:
    with pytest.raises(NotSupportedError, match="cannot encode; it has no codebook.*fit-codebook"):
        tok.encode(spread())
    with pytest.raises(NotSupportedError, match="fit-codebook"):
        tok.decode(tok.tokens([[0] * GROUPS], grid=[[4, 4, 4]]))


def test_maps_and_lengths_are_checked_before_decoding(tok: TempMe) -> None:
    made = tok.tokens([[0] * 2 * GROUPS])
    assert made.grid is not None
    assert made.grid.tolist() == [[8, 4, 4]]
    tok.check(made)
    with pytest.raises(TokenError, match="decodes windows of 23"):
        tok.check(tok.tokens([[0] * (GROUPS - 1)], grid=[[4, 4, 4]]))
    with pytest.raises(TokenError, match=r"grid: \[4, 2, 8\].*expected \[4, 4, 4\]"):
        tok.check(tok.tokens([[0] * GROUPS], grid=[[4, 2, 8]]))
    labels = torch.zeros(1, 8, 4, 4, dtype=torch.int32)  # all of the first window
    with pytest.raises(TokenError, match="groups of another window"):
        tok.check(tok.tokens([[0] * 2 * GROUPS], source_map=labels))
    labels[:, 4:] = GROUPS
    tok.check(tok.tokens([[0] * 2 * GROUPS], source_map=labels))


def test_an_items_features_are_those_it_gets_alone(tok: TempMe) -> None:
    media = videos()
    together = tok.merged(media)
    for row, item in enumerate(media):
        alone = tok.merged(item)
        assert torch.equal(together.source[row], alone.source[0])
        torch.testing.assert_close(together.tokens[row], alone.tokens[0])
    assert torch.equal(tok.merged(media, batch_size=1).source, together.source)


def test_calls_are_reentrant_and_it_pickles_by_name(tok: TempMe) -> None:
    media = videos()
    expected = [tok.merged(item) for item in media]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(tok.merged, media))
    again = pickle.loads(pickle.dumps(tok))
    assert len(pickle.dumps(tok)) < 2000
    for item, one, other in zip(media, expected, together, strict=True):
        for found in (other, again.merged(item)):
            assert torch.equal(found.source, one.source)
            torch.testing.assert_close(found.tokens, one.tokens)


def test_a_long_video_is_merged_window_by_window(tok: TempMe) -> None:
    frames, fps = video(10, 32, 32, 0), 3.0
    windows = tok.merged((frames, fps), sampling="dense", fps=3.0)
    assert windows.source.shape == (3, 4, 4, 4)
    last = torch.cat([frames[8:], frames[9:], frames[9:]])
    for row, part in enumerate((frames[:4], frames[4:8], last)):
        alone = tok.merged((part, fps))
        assert torch.equal(windows.source[row], alone.source[0])
        torch.testing.assert_close(windows.tokens[row], alone.tokens[0])
    options = {"sampling": "dense", "fps": 3.0}
    tokens = tok.features((frames, fps), "tokens", **options)
    assert tokens.tensor.shape == (1, 3 * GROUPS, 32)
    assert tok.features((frames, fps), "grid", **options).tensor.shape == (1, 10 * 16, 32)
    classes = tok.features((frames, fps), "classes", **options).tensor
    assert classes.shape == (1, 10, 32)  # frames that only fill the last window do not count
    head = tok.module.video_head
    assert head is not None
    expected = head(classes)
    torch.testing.assert_close(tok.features((frames, fps), "video", **options).tensor[0], expected)


def test_a_bad_video_is_named(tok: TempMe) -> None:
    with pytest.raises(MediaError, match="item 2 of 2"):
        tok.merged([spread()[0], "missing.mp4"])
    with pytest.raises(NotSupportedError, match="no option 'samplin'"):
        tok.merged(spread(), samplin="dense")


def test_a_card_whose_windows_have_other_ids_is_refused(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "wrong.md"
    text = (folder / "best.md").read_text()
    card.write_text(text.replace("segment: 23", "segment: 24").replace("crop: 23", "crop: 24"))
    with pytest.raises(CardError, match=r"wrong\.md:\d+: .*4 frames become 23 groups, not 24"):
        load_random(card)


# texts


def test_texts_become_words_as_upstream_cuts_them(folder: Path) -> None:
    words = Words(folder / "tokenizer.json")
    pairs = words.pairs.get_vocab()
    ids, mask = words(["Cat", "  a &amp;amp; ｃat\n", "one by one by one", ""], longest=8)
    assert ids[0].tolist() == [262, pairs["cat</w>"], 263, 0, 0, 0, 0, 0]
    amp = [pairs["a</w>"], pairs["&</w>"], pairs["cat</w>"]]
    assert ids[1].tolist() == [262, *amp, 263, 0, 0, 0]
    assert ids[2, -1] == 263  # cut to six byte pairs between the marks
    assert ids[3].tolist() == [262, 263] + [0] * 6
    assert torch.equal(mask.sum(1), torch.tensor([3, 5, 8, 2]))
    (folder / "broken.json").write_text("{}")
    with pytest.raises(CheckpointCorruptError, match=r"broken\.json is no tokenizer"):
        Words(folder / "broken.json")


def test_similarity_ranks_texts_and_videos(tok: TempMe) -> None:
    media, texts = spread(), ["a cat", "one", "cat cat cat"]
    found = tok.similarity(media, texts)
    assert found.shape == (3, 2)
    assert tok.module.text is not None
    scale = tok.module.log_scale.exp()
    vectors, words = tok.features(media, "video").tensor[:, 0], tok.text_features(texts)
    cosines = torch.nn.functional.cosine_similarity(words[:, None], vectors[None], dim=-1)
    torch.testing.assert_close(found, cosines * scale)
    torch.testing.assert_close(tok.similarity(vectors, words), found)
    torch.testing.assert_close(tok.similarity(media[0], "one"), found[1:2, :1])
    with pytest.raises(NotSupportedError, match="expected one or more strings"):
        tok.similarity(media, [])
    with pytest.raises(NotSupportedError, match="expected one or more strings"):
        tok.text_features([1, 2])


def test_without_a_text_transformer_there_is_no_similarity(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "bare.md"
    text = (folder / "best.md").read_text()
    start, stop = text.index("    retrieval:"), text.index("  input:")
    card.write_text(text[:start] + text[stop:])
    tok = load_random(card)
    assert isinstance(tok, TempMe)
    with pytest.raises(NotSupportedError, match="text transformer"):
        tok.similarity(spread(), "one")
    assert tok.features(spread(), "video").tensor.shape == (2, 1, 32)
