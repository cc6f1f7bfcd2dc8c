"""TokenFlow beyond the contract: sizes and grids, branches, the official file's form."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml
from golden_case import GOLDEN, Case
from golden_tokenflow import configure
from PIL import Image
from safetensors.torch import load_file
from samples import images, picture
from torch import Tensor, nn

import zoo
from zoo.errors import CheckpointCorruptError, NotSupportedError, TokenError
from zoo.loading import build_module, load_random
from zoo.models.tokenflow.bench import parts
from zoo.models.tokenflow.quantizer import DualQuantizer, nearest
from zoo.models.tokenflow.tokenizer import TokenFlow

CARDS = Path(__file__).parent / "cards"


@pytest.fixture(scope="module")
def tok() -> TokenFlow:
    made = load_random(CARDS / "test-tokenflow.md")
    assert isinstance(made, TokenFlow)
    return made


@pytest.fixture(scope="module")
def siglip() -> TokenFlow:
    made = load_random(CARDS / "test-tokenflow-siglip.md")
    assert isinstance(made, TokenFlow)
    return made


class Forbidden(nn.Module):
    """Stands where nothing may run."""

    def forward(self, *_: Tensor) -> Tensor:
        raise AssertionError("this branch was not asked for")


def without(tok: TokenFlow, *paths: str) -> TokenFlow:
    """The same tokenizer, in which these parts must not run."""
    module = build_module(TokenFlow, tok.config)
    module.load_state_dict(tok.module.state_dict())
    for path in paths:
        parent, _, name = path.rpartition(".")
        setattr(module.get_submodule(parent), name, Forbidden())
    return TokenFlow(tok.card, tok.config, module.eval().requires_grad_(False))


# sizes and grids


def test_the_grid_tells_one_size_from_the_other(tok: TokenFlow) -> None:
    large, small = tok.encode(images()[:2]), tok.encode(images()[:2], size=32)
    assert large.grid is not None
    assert small.grid is not None
    assert large.grid.tolist() == [[6, 6]] * 2
    assert small.grid.tolist() == [[4, 4]] * 2
    assert small.lengths.tolist() == [21, 21]
    assert tok.decode(large, native=True).tensor.shape[-2:] == (48, 48)
    assert tok.decode(small, native=True).tensor.shape[-2:] == (32, 32)
    assert tok.count(images()[:2]) == large.lengths.tolist()
    assert tok.count(images()[:2], size=32) == small.lengths.tolist()
    assert tok.features(images()[0], size=32).tensor.shape[1] == 4 * 4
    assert tok.view(images()[0], size=32).tensor.shape[-2:] == (32, 32)
    both = zoo.Tokens.cat([large, small])
    sizes = [item.shape[-1] for item in tok.decode(both, native=True).items]
    assert sizes == [48, 48, 32, 32]
    seen = [origin.rect for origin in small.origin if origin]
    assert [item.shape[1:] for item in tok.decode(small).items] == [r[2:] for r in seen if r]


def test_the_same_ids_mean_another_image_on_another_grid(tok: TokenFlow) -> None:
    ids = tok.encode(images()[0], size=32).codes
    whole, part = tok.tokens(ids, grid=[[4, 4]]), tok.tokens(ids)  # three of four scales
    assert tok.decode(whole).tensor.shape[-1] == 32
    assert tok.decode(part).tensor.shape[-1] == 48


@pytest.mark.parametrize("grid", [[5, 5], [4, 6], [6, 4]])
def test_a_grid_that_is_not_the_models_is_refused(tok: TokenFlow, grid: list[int]) -> None:
    ids = torch.zeros(1, 21, dtype=torch.int64)
    with pytest.raises(TokenError, match=r"has \[6, 6\] or \[4, 4\]"):
        tok.tokens(ids, grid=[grid])


def test_more_scales_than_the_grid_has_are_refused(tok: TokenFlow) -> None:
    with pytest.raises(TokenError, match="57 ids"):
        tok.tokens(torch.zeros(1, 57, dtype=torch.int64), grid=[[4, 4]])
    with pytest.raises(TokenError, match="3 scales"):
        tok.encode(images()[0], size=32, prefix=4)
    with pytest.raises(TokenError, match="positions"):
        tok.tokens(torch.zeros(1, 20, dtype=torch.int64))


def test_another_size_is_refused(tok: TokenFlow, siglip: TokenFlow) -> None:
    with pytest.raises(NotSupportedError, match="48 or 32"):
        tok.encode(images()[0], size=40)
    with pytest.raises(NotSupportedError, match="33"):
        siglip.encode(images()[0], size=48)


def test_padding_keeps_the_whole_picture_as_a_language_model_sees_it(siglip: TokenFlow) -> None:
    item = picture(60, 40, 5)
    board = Image.new("RGB", (60, 60), (127, 127, 127))
    board.paste(item, (10, 0))
    expected = np.asarray(board.resize((33, 33), Image.Resampling.BICUBIC))
    seen = siglip.prepare(item, fit="pad").tensor
    assert np.array_equal(seen.permute(1, 2, 0).numpy(), expected)
    tokens = siglip.encode(item, fit="pad")
    assert siglip.decode(tokens).tensor.shape[-2:] == (60, 40)


# branches


def test_pixels_do_not_run_the_semantic_decoder_nor_the_reverse(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    pixels = without(tok, "semantic_decoder").decode(tokens)
    assert torch.equal(pixels.tensor, tok.decode(tokens).tensor)
    rows = without(tok, "pixel_decoder").vectors(tokens, "semantic").tensor
    assert torch.equal(rows, tok.vectors(tokens, "semantic").tensor)
    bare = without(tok, "pixel_decoder", "semantic_decoder")
    for kind in ("codes", "grid", "next_scale"):
        assert bare.vectors(tokens, kind).mask.all()


def test_features_run_their_own_encoder(tok: TokenFlow) -> None:
    item = images()[0]
    shapes = {kind: list(tok.features(item, kind).tensor.shape[1:]) for kind in tok.feature_kinds}
    assert shapes == {"unquantized": [36, 12], "semantic": [36, 64], "pixel": [36, 16]}
    without(tok, "pixel_encoder").features(item, "semantic")
    without(tok, "semantic_encoder").features(item, "pixel")


def test_a_prefix_quantises_no_more_scales_than_it_has(
    tok: TokenFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watched(vectors: Tensor, table: Tensor) -> Tensor:
        seen.append(vectors.shape[1])
        return nearest(vectors, table)

    monkeypatch.setattr("zoo.models.tokenflow.quantizer.nearest", watched)
    tok.encode(images()[0], prefix=2)
    assert seen == [1, 4]


def test_semantic_vectors_need_the_decoder(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    encoder = TokenFlow(tok.card, tok.config, tok.module, only="encode")
    with pytest.raises(NotSupportedError, match="only='encode'"):
        encoder.vectors(tokens, "semantic")
    assert encoder.vectors(tokens, "grid").tensor.shape == (1, 36, 12)


# vectors


def test_vectors_of_mixed_items(tok: TokenFlow) -> None:
    full = tok.encode(images()[:2])
    mixed = zoo.Tokens.cat([full[0].prefix(2), full[1], tok.encode(images()[0], size=32)])
    counts = {
        "codes": [5, 57, 21],
        "grid": [36, 36, 16],
        "semantic": [36, 36, 16],
        "next_scale": [4 + 16, 56, 20],  # also what predicts the scale that comes next
    }
    for kind, expected in counts.items():
        found = tok.vectors(mixed, kind)
        assert found.mask.sum(1).tolist() == expected
        for row in range(3):
            alone = tok.vectors(mixed[row], kind).tensor[0]
            assert torch.allclose(found.tensor[row][found.mask[row]], alone, atol=1e-6)


def test_what_the_vectors_are(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    codes = tok.vectors(tokens, "codes").tensor[0]
    assert torch.allclose(codes, tok.codebook()[tokens.codes[0, 0]])
    for part in codes.split([8, 4], dim=1):
        assert torch.allclose(part.norm(dim=1), torch.ones(57))
    maps, start = [], 0
    for side in (1, 2, 4, 6):
        maps.append(codes[start : start + side * side].T.reshape(1, 12, side, side))
        start += side * side
    grid = sum(F.interpolate(m, (6, 6), mode="bicubic") for m in maps)
    assert torch.allclose(tok.vectors(tokens, "grid").tensor, grid.flatten(2).mT, atol=1e-5)
    total, rows = maps[0], []
    for following in maps[1:]:
        total = F.interpolate(total, following.shape[-2:], mode="bicubic")
        rows.append(total.flatten(2).mT)
        total = total + following
    expected = torch.cat(rows, dim=1)
    assert torch.allclose(tok.vectors(tokens, "next_scale").tensor, expected, atol=1e-5)


def test_vectors_pass_gradients(tok: TokenFlow) -> None:
    own = without(tok)
    own.module.quantizer.semantic.requires_grad_(True)
    own.vectors(own.encode(images()[0]), "semantic").tensor.sum().backward()
    assert own.module.quantizer.semantic.grad is not None


def test_there_is_one_codebook(tok: TokenFlow) -> None:
    assert tok.codebook().shape == (512, 12)
    with pytest.raises(NotSupportedError, match="one slot"):
        tok.codebook(1)


# the quantiser


def two_distances(z: Tensor, quantizer: DualQuantizer) -> Tensor:
    """Ids by the sum of the two parts' squared distances, each written out."""
    total = torch.zeros(len(z), len(quantizer.semantic))
    for part, table in zip(
        z.split(quantizer.dims, 1), (quantizer.semantic, quantizer.pixel), strict=True
    ):
        table = F.normalize(table, dim=1)
        square = part.square().sum(1, keepdim=True) + table.square().sum(1)
        total += square - 2 * part @ table.T
    return total.argmin(1)


def test_one_product_finds_what_two_distances_find() -> None:
    torch.manual_seed(0)
    quantizer = DualQuantizer(2048, 32, 8)
    with torch.no_grad():
        z = quantizer.normalize(torch.randn(3, 40, 9, 9))
        ids = nearest(z.flatten(2).mT, quantizer.table())
        assert torch.equal(ids.flatten(), two_distances(z.flatten(2).mT.reshape(-1, 40), quantizer))


def test_the_first_of_equal_codes_wins() -> None:
    quantizer = DualQuantizer(64, 8, 4)
    with torch.no_grad():
        quantizer.semantic[40:] = quantizer.semantic[7]
        quantizer.pixel[40:] = quantizer.pixel[7]
        table = quantizer.table()
        assert nearest(table[None, 7:8], table).item() == 7


def test_encoding_subtracts_what_passes_straight_through(tok: TokenFlow) -> None:
    """Upstream's z + (q - z), which is q up to rounding, also where nothing is trained."""
    quantizer = tok.module.quantizer
    features = tok.module.features(torch.randn(1, 3, 48, 48).clamp(-1, 1))
    steps = list(quantizer.steps(features, (1, 2, 4, 6)))
    for step in steps:
        straight = step.normalized + (step.codes - step.normalized)
        assert torch.equal(step.straight, straight)
    latent = torch.stack([step.spread for step in steps]).sum(0)
    looked_up = quantizer.grid(torch.cat([step.ids for step in steps], 1), (1, 2, 4, 6))
    assert torch.allclose(latent, looked_up, atol=2e-6)


def test_half_precision_networks_keep_a_full_precision_quantiser(tok: TokenFlow) -> None:
    half = without(tok)
    half.to(dtype=torch.bfloat16)
    tokens = half.encode(images())
    assert half.module.quantizer.table().dtype == torch.float32
    assert torch.isfinite(half.decode(tokens, native=True).tensor).all()
    assert tokens.grid is not None
    for kind in half.vector_kinds:
        assert torch.isfinite(half.vectors(tokens, kind).tensor.float()).all()


# files


def card_of(folder: Path, source: Path, **part: object) -> Path:
    """A folder with a card whose numbers are those of a golden case."""
    config = configure(Case(source))
    config = replace(config, image_sizes=config.image_sizes[::-1])  # the larger one is the usual
    text = (CARDS / "test-tokenflow.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    facts = front["zoo"]
    side = config.image_sizes[0]
    sizes = list(config.positions(config.grids[0]))
    plain = json.loads(json.dumps(asdict(config)))
    facts["config"] = {key: value for key, value in plain.items() if value is not None}
    facts["input"]["size"] = [side, side]
    facts["tokens"] = {
        "order": "scales",
        "vocab_sizes": [config.codebook_size],
        "positions": sizes[-1],
        "prefixes": {"axis": "position", "unit": "scales", "sizes": sizes},
    }
    facts["source"] = [{"name": "model", "role": "both", "format": "original", **part}]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("wrapper", ["ema", "model", "state_dict"])
def test_upstreams_archive_is_read(tmp_path: Path, wrapper: str) -> None:
    source = GOLDEN / "tokenflow" / "clip_tiny"
    state = load_file(source / "state.safetensors")
    broken = {name: torch.full_like(tensor, 7) for name, tensor in state.items()}
    later = ["ema", "model", "state_dict"]
    later = later[later.index(wrapper) + 1 :]
    torch.save({wrapper: state, **dict.fromkeys(later, broken)}, tmp_path / "a.pt")
    tok = zoo.load(card_of(tmp_path, source, file="a.pt", unwrap=["ema", "model", "state_dict"]))
    assert isinstance(tok, TokenFlow)
    recorded = load_file(source / "io_interpolated.safetensors")
    with torch.inference_mode():
        ids = tok.module.quantizer.encode(tok.module.features(recorded["image"]), (1, 2, 3, 5, 6))
    assert torch.equal(ids, recorded["indices"])


def test_half_of_upstreams_archive_is_enough_for_one_verb(tmp_path: Path) -> None:
    source = GOLDEN / "tokenflow" / "clip_tiny"
    torch.save({"ema": load_file(source / "state.safetensors")}, tmp_path / "a.pt")
    folder = card_of(tmp_path, source, file="a.pt", unwrap=["ema"])
    whole = zoo.load(folder)
    encoder, decoder = zoo.load(folder, only="encode"), zoo.load(folder, only="decode")
    tokens = encoder.encode(images()[0])
    assert tokens == whole.encode(images()[0])
    assert torch.equal(decoder.decode(tokens).tensor, whole.decode(tokens).tensor)
    for kind in whole.vector_kinds:
        rows = decoder.vectors(tokens, kind).tensor
        assert torch.equal(rows, whole.vectors(tokens, kind).tensor)


def test_a_checkpoint_of_the_other_tower_is_refused(tmp_path: Path) -> None:
    other = GOLDEN / "tokenflow" / "siglip_tiny" / "state.safetensors"
    torch.save({"ema": load_file(other)}, tmp_path / "a.pt")
    folder = card_of(tmp_path, GOLDEN / "tokenflow" / "clip_tiny", file="a.pt", unwrap=["ema"])
    with pytest.raises(CheckpointCorruptError, match="missing"):
        zoo.load(folder)


def test_the_enhanced_decoder_shares_its_bases_ids() -> None:
    assert zoo.card("tokenflow-clipb-32k-enhanced").code_space == "tokenflow-clipb-32k/1"
    assert zoo.card("tokenflow").name == "tokenflow-clipb-32k-enhanced"


@pytest.mark.parametrize(
    ("name", "counts"),
    [("tokenflow-clipb-32k-enhanced", [817, 561]), ("tokenflow-siglip-32k", [2227])],
)
def test_official_counts(name: str, counts: list[int]) -> None:
    from zoo.loading import read_config

    card = zoo.card(name)
    config = read_config(card, {})
    assert [config.positions(grid)[-1] for grid in config.grids] == counts
    assert card.tokens.prefixes is not None
    assert card.tokens.prefixes.sizes == config.positions(config.grids[0])
    assert getattr(card.input, "size", None) == (config.image_sizes[0],) * 2


def test_the_parts_that_are_timed_run(tok: TokenFlow) -> None:
    found = parts(tok, 1, 2)
    assert "quantiser, 2 scales" in found
    with torch.inference_mode():
        for call in found.values():
            call()
