"""SEED's training objectives: the formulas, where gradients go, and losses that fall."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import zoo
from zoo.errors import NotSupportedError
from zoo.families import family_class
from zoo.loading import build_module, read_config
from zoo.models.seed.augment import normalised, random_views
from zoo.models.seed.config import SeedConfig
from zoo.models.seed.model import SeedModel
from zoo.models.seed.objective import CausalObjective, CodebookObjective
from zoo.models.seed.quantizer import Codebook
from zoo.models.seed.text import Captioned
from zoo.train.objective import Objective

CARD = zoo.card(str(Path(__file__).parent / "cards" / "test-seed.md"))
WORDS = {"words": 20, "shared_width": 8}
ITEMS = 8


def model() -> tuple[SeedModel, SeedConfig]:
    config = read_config(CARD, {})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build_module(family_class("seed"), config)
    assert isinstance(module, SeedModel)
    return module, config


def images(items: int = ITEMS) -> Tensor:
    random = torch.Generator().manual_seed(1)
    coarse = torch.rand(items, 3, 4, 4, generator=random)
    return (F.interpolate(coarse, size=(28, 28), mode="bilinear") * 255).to(torch.uint8)


def captions(items: int = ITEMS) -> Tensor:
    words = torch.randint(1, 20, (items, 6), generator=torch.Generator().manual_seed(2))
    words[:, 0] = 1
    words[::2, 4:] = 0
    return words


def teacher(width: int = 16) -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, width)).requires_grad_(False)
    generator = torch.Generator().manual_seed(3)
    network[1].weight.copy_(torch.randn(width, 3 * 28 * 28, generator=generator) / 48)
    return network


def causal() -> CausalObjective:
    module, config = model()
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return CausalObjective(module, config, WORDS)


def codebook() -> CodebookObjective:
    module, config = model()
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return CodebookObjective(module, config, {"teacher": teacher()})


def with_gradients(objective: Objective) -> set[str]:
    """Names of parameters that got a gradient which is not zero."""
    return {
        name.removeprefix("model.")
        for name, parameter in objective.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }


def fall(objective: Objective, batch: object, steps: int, rate: float) -> tuple[float, float]:
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=rate, weight_decay=0.0)
    losses = []
    for step in range(steps):
        loss = objective(batch, torch.Generator().manual_seed(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses[0], losses[-1]


# stage 1


@torch.no_grad()
def test_the_contrastive_loss_is_what_it_says() -> None:
    objective = causal()
    encoder, contrast = objective.model.encoder, objective.contrast
    pixels, words = images(), captions()
    last = encoder.qformer(encoder.norm(encoder.vit(normalised(pixels))))[:, 31]
    left = F.normalize(contrast.from_image(last), dim=-1)
    right = F.normalize(contrast.from_text(contrast.text(encoder.qformer, words)), dim=-1)
    scores = left @ right.T / 0.07
    assert torch.allclose(objective.scores(pixels, words), scores, atol=1e-5)

    def smoothed(logits: Tensor) -> Tensor:
        weights = torch.full((ITEMS, ITEMS), 0.1 / ITEMS) + 0.9 * torch.eye(ITEMS)
        return -(weights * logits.log_softmax(1)).sum(1).mean()

    expected = (smoothed(scores) + smoothed(scores.T)) / 2
    assert torch.allclose(objective.loss(pixels, words), expected, atol=1e-5)


@torch.no_grad()
def test_padding_of_captions_changes_nothing() -> None:
    objective = causal()
    text, qformer = objective.contrast.text, objective.model.encoder.qformer
    words = captions()
    longer = F.pad(words, (0, 5))
    assert torch.allclose(text(qformer, words), text(qformer, longer), atol=1e-6)
    longer[:, 1] = longer[:, 1] % 19 + 1
    assert not torch.allclose(text(qformer, words), text(qformer, longer), atol=1e-3)


def test_stage_1_trains_the_qformer_and_leaves_the_vit() -> None:
    objective = causal()
    objective(Captioned(images(), captions()), torch.Generator().manual_seed(0))["loss"].backward()
    got = with_gradients(objective)
    assert {"encoder.qformer.queries", "encoder.norm.weight", "contrast.temperature"} <= got
    assert "encoder.qformer.layers.0.cross.key.weight" in got
    assert "contrast.text.words.weight" in got
    others = ("encoder.vit", "encoder.head", "quantizer", "decoder")
    assert not [name for name in got if name.startswith(others)]
    trained = {id(parameter) for parameter in objective.trained.parameters()}
    assert {id(p) for p in objective.parameters() if p.requires_grad} == trained


def test_stage_1_learns_a_handful_of_pairs() -> None:
    objective, pairs = causal(), Captioned(images(), captions())
    before, after = fall(objective, pairs, steps=80, rate=3e-3)
    assert after < 0.7 * before
    assert objective.validate(pairs)["accuracy"] > 0.8


def test_stage_1_needs_captions() -> None:
    with pytest.raises(NotSupportedError, match="captions"):
        causal().source(images())


# stage 2


def test_the_codebook_losses_are_what_they_say() -> None:
    objective = codebook()
    net, pixels = objective.model, images()
    with torch.no_grad():
        inputs = normalised(pixels)
        queries = net.encoder.queries(inputs)
        z = net.encoder.head(queries)
        e = net.quantizer.vectors(net.quantizer.ids(z))
        rebuilt = objective.semantic(net.decoder.task(e))
        embedding = net.decoder(e)
    found = objective(pixels, torch.Generator())
    quantizer = 1.25 * (e - z).square().mean()
    semantic = 1 - (F.normalize(rebuilt, dim=-1) * F.normalize(queries, dim=-1)).sum(-1).mean()
    match = (embedding - objective.teacher(inputs)).square().mean()
    for name, value in {"quantizer": quantizer, "semantic": semantic, "embedding": match}.items():
        assert torch.allclose(found[name], value, atol=1e-5), name
    assert torch.allclose(found["loss"], 5 * quantizer + 2 * semantic + 0.5 * match, atol=1e-5)


def test_stage_2_gradients_pass_straight_through_and_stop_at_the_qformer() -> None:
    objective = codebook()
    objective(images(), torch.Generator())["loss"].backward()
    got = with_gradients(objective)
    assert {"encoder.head.0.weight", "quantizer.rows", "semantic.positions"} <= got
    assert {"decoder.task.0.weight", "decoder.head.project.weight"} <= got
    assert not [name for name in got if name.startswith(("encoder.vit", "encoder.qformer"))]
    rows = objective.model.quantizer.rows
    assert rows.grad is not None
    used = objective.model.quantizer.ids(objective.model.encoder(normalised(images()))).unique()
    touched = rows.grad.abs().sum(1).nonzero()[:, 0]
    assert torch.equal(touched, used)

    objective.zero_grad()
    z = objective.model.encoder.head[0].weight
    losses = objective.losses(normalised(images()))
    losses["embedding"].backward()
    assert z.grad is not None
    assert bool(z.grad.any())  # through the ids
    assert rows.grad is None or not bool(rows.grad.any())  # the codebook learns from its own loss


def test_commitment_stands_where_upstream_has_it() -> None:
    objective = codebook()
    losses = objective.losses(normalised(images()))
    losses["quantizer"].backward()
    rows = objective.model.quantizer.rows.grad
    objective.zero_grad()
    objective.commitment = 0.5
    objective.losses(normalised(images()))["quantizer"].backward()
    twice = objective.model.quantizer.rows.grad
    assert rows is not None
    assert twice is not None
    assert torch.allclose(twice, 2 * rows, atol=1e-9)  # beta weighs the codebook's side


def test_stage_2_learns_a_handful_of_images() -> None:
    objective = codebook()
    before = objective.validate(images())
    first, last = fall(objective, images(), steps=60, rate=3e-3)
    after = objective.validate(images())
    assert last < 0.5 * first
    assert after["embedding"] < before["embedding"]
    assert after["semantic"] < before["semantic"]
    assert 0 < after["used"] <= 1


# images


def test_views_are_crops_of_the_image_and_repeat_with_the_generator() -> None:
    pixels = images()
    views = [random_views(pixels, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(views[0], views[1])
    assert not torch.equal(views[0], views[2])
    assert views[0].shape == pixels.shape
    assert float(views[0].min()) >= 0
    assert float(views[0].max()) <= 1
    flat = random_views(torch.full((3, 3, 28, 28), 200, dtype=torch.uint8), torch.Generator())
    assert torch.allclose(flat, torch.tensor(200 / 255), atol=1e-4)


# the codebook


def test_ids_are_those_of_fp32_under_autocast() -> None:
    random = torch.Generator().manual_seed(5)
    book = Codebook(256, 8)
    with torch.no_grad():
        book.rows.copy_(torch.randn(256, 8, generator=random))
        vectors = torch.randn(8, 32, 8, generator=random)
        expected = book.ids(vectors)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(book.ids(vectors), expected)
