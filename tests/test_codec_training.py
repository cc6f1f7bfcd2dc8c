"""The codec's closed-form start, and how it learns."""

from pathlib import Path

import pytest
import torch
from codec_built import CARD, random_codec, speech  # noqa: F401
from torch import Tensor

import zoo
from zoo.loading import load_random
from zoo.models.codec.codebooks import CodebookLearner
from zoo.models.codec.losses import EnvelopeDistance, SpectralDistance, wave_distance
from zoo.models.codec.model import Codec
from zoo.models.codec.objective import CodecObjective
from zoo.models.codec.start import (
    lapped_cosines,
    nearest,
    settle_scale,
    start_as_transform,
    start_codebooks,
)
from zoo.tokenizer import Tokenizer
from zoo.train.result import write_checkpoint
from zoo.weights import read_tensors

OPTIONS = {
    "rate": 8000,
    "positions": 100,
    "gain_db": [-6.0, 6.0],
    "full_share": 0.4,
    "train_filters": False,
    "codebook_decay": 0.9,
    "codebook_least": 0.03,
    "windows": [128, 256],
    "mel_bands": [10, 20],
    "weights": {"mel": 1.0, "magnitude": 0.5, "envelope": 1.0, "wave": 1.0, "commitment": 0.25},
}


@pytest.fixture
def model(tok: Tokenizer) -> Codec:
    return tok.module.requires_grad_(True)


def test_the_lapped_cosines_are_an_orthogonal_transform() -> None:
    basis = lapped_cosines(40, 16)
    assert basis.shape == (40, 56)
    assert torch.allclose(basis @ basis.T, torch.eye(40, dtype=basis.dtype), atol=1e-12)
    shared = basis[:, 40:] @ basis[:, :16].T  # a window against the next one
    assert shared.abs().max() < 1e-12


def test_the_start_can_be_undone(model: Codec) -> None:
    sounds = torch.stack([speech(4000, seed) for seed in range(4)])
    start_as_transform(model, sounds, 0.25)
    with torch.no_grad():
        rows = model.encoder.units(model.encoder.filters(sounds))
        back = model.decoder.filters(model.decoder.units(rows))[..., model.decoder.overlap :]
        assert torch.allclose(back[..., 40:-40], sounds[..., 40:-40], atol=1e-5)
        # and what is kept of each window is the part that varies most
        kept = model.decoder(model.encoder(sounds))[..., 40:-40]
    lost = (kept - sounds[..., 40:-40]).square().mean() / sounds.square().mean()
    assert lost < 0.1


def test_codebooks_start_where_vectors_are() -> None:
    random = torch.Generator().manual_seed(0)
    centres = torch.randn(64, 16, generator=random)
    vectors = centres[torch.randint(64, (2000,), generator=random)]
    quantizer = load_random(CARD).module.quantizer
    start_codebooks(quantizer, vectors, 8, random)
    first = quantizer.levels[0].codebook.weight
    error = (first[nearest(vectors, first)] - vectors).square().sum(1).mean()
    assert error < 0.1 * vectors.square().sum(1).mean()


def test_settling_the_scale_changes_no_id_and_no_sample(tok: Tokenizer) -> None:
    before = tok.encode((speech(4000), 8000))
    heard = tok.decode(before).items[0]
    settle_scale(tok.module)
    sizes = [float(tok.codebook(slot).detach().square().mean()) for slot in range(4)]
    assert 0.5 <= sum(sizes) ** 0.5 <= 2
    after = tok.encode((speech(4000), 8000))
    assert torch.equal(after.codes, before.codes)
    assert torch.equal(tok.decode(after).items[0], heard)


def grow(tok: Tokenizer, factor: float) -> None:
    """What hours of training do: latents become huge, and what reads them looks away."""
    model = tok.module
    with torch.no_grad():
        model.encoder.units[0].past.weight.zero_()[:, :, -1] = 1  # as loud as its input
        model.encoder.units[0].shrink.weight.mul_(factor)
        model.encoder.units[0].shrink.bias.mul_(factor)
        for level in model.quantizer.levels:
            level.codebook.weight.mul_(factor)
        model.decoder.project.weight.div_(factor)


def test_grown_latents_are_saved_without_loss(tok: Tokenizer, tmp_path: Path) -> None:
    grow(tok, 2.0**17)
    settle_scale(tok.module)
    sizes = [float(tok.codebook(slot).detach().square().mean()) for slot in range(4)]
    assert 0.5 <= sum(sizes) ** 0.5 <= 2
    write_checkpoint(zoo.card(str(CARD)), tok.module, tmp_path, "A test.", seed=1)
    sound = (speech(4000), 8000)
    again = zoo.load(tmp_path).encode(sound)
    assert (again.codes == tok.encode(sound).codes).float().mean() > 0.98
    stored = read_tensors(tmp_path / "model.safetensors")
    assert stored["encoder.project.weight"].dtype == torch.float32  # 2^-17 of a usual one
    assert stored["encoder.units.1.grow.weight"].dtype == torch.float16


def test_a_stage_begins_with_weights_that_a_step_does_not_ruin(tok: Tokenizer) -> None:
    """The next stage, or fine-tuning, of a codec whose latents had grown."""
    grow(tok, 2.0**17)
    settle_scale(tok.module)
    sound = (speech(4000), 8000)
    before = tok.encode(sound)
    objective = CodecObjective(tok.module, tok.config, OPTIONS)
    objective.rescale()
    assert torch.equal(tok.encode(sound).codes, before.codes)
    project = tok.module.encoder.project
    size = float(project.weight.square().mean().sqrt())
    assert 0.7 < size * project.in_channels**0.5 < 1.5
    tables = [level.codebook.weight for level in tok.module.quantizer.levels]
    assert torch.equal(objective.learner.sums, torch.stack(tables))


def test_codebooks_follow_and_unused_ids_come_back() -> None:
    quantizer = load_random(CARD).module.requires_grad_(False).quantizer
    learner = CodebookLearner(quantizer, decay=0.8, least=0.05)
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(1000, 16, generator=random) + 5
    errors = []
    for _ in range(40):
        said = learner(quantizer, vectors, random)
        errors.append(float((said.sum(0) - vectors).square().mean()))
    assert errors[-1] < 0.3 * errors[0]
    first = quantizer.levels[0].codebook.weight
    assert len(nearest(vectors, first).unique()) == len(first)
    before = first.clone()
    learner.eval()
    learner(quantizer, vectors + 1, random)
    assert torch.equal(first, before)


def test_distances_know_what_is_alike() -> None:
    true = torch.cat([speech(8000, 0), speech(8000, 1)])
    noise = 0.05 * torch.randn(true.shape, generator=torch.Generator().manual_seed(0))
    for measure in (
        lambda x: SpectralDistance(8000, [128, 256], [10, 20])(x, true)[0],
        lambda x: SpectralDistance(8000, [128, 256], [10, 20])(x, true)[1],
        lambda x: EnvelopeDistance(8000)(x, true),
        lambda x: wave_distance(x, true),
    ):
        same, near, far = (float(measure(x)) for x in (true, true + 0.2 * noise, true + noise))
        assert -1e-6 <= same < 0.05
        assert same < near < far
    # the envelopes' distance hears no difference in level
    assert EnvelopeDistance(8000)(0.5 * true, true) < 0.05


def test_the_objective_reaches_all_that_is_trained(tok: Tokenizer) -> None:
    model = tok.module.requires_grad_(True)
    objective = CodecObjective(model, tok.config, OPTIONS)
    batch = torch.stack([speech(4000, seed) for seed in range(4)])
    objective(batch, torch.Generator().manual_seed(0))["loss"].backward()
    for name, parameter in model.named_parameters():
        frozen = "filters" in name or "quantizer" in name
        assert (parameter.grad is None) == frozen, name
        assert frozen or parameter.grad.abs().sum() > 0, name


def test_training_makes_every_codebook_worth_more(tok: Tokenizer) -> None:
    model = tok.module.requires_grad_(True)
    options = OPTIONS | {"start": {"crops": 16, "flatten": 0.25, "rounds": 2}}
    objective = CodecObjective(model, tok.config, options)
    batch = torch.stack([speech(4000, seed) for seed in range(16)])

    class Source:
        def __len__(self) -> int:
            return len(batch)

        def __getitem__(self, rows: Tensor) -> Tensor:
            return batch[rows]

    objective.source = lambda items: Source()
    objective.begin(Source())
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    losses = []
    for step in range(30):
        loss = objective(batch, torch.Generator().manual_seed(step % 2))["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])
    objective.eval()
    with torch.inference_mode():
        figures = objective.validate(batch)
        pictures = objective.pictures(batch)
    assert figures["si_sdr_1"] < figures["si_sdr_2"] < figures["si_sdr_4"]
    assert figures["mel_1"] > figures["mel_4"]
    assert len(pictures) == 4
    assert {cell[0].shape[0] for cell in pictures[0]} == {3}
