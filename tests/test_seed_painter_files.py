"""Where the files of SEED's painter come from, and which are taken."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from fake_hub import FakeHub, fake_hub  # noqa: F401
from samples import picture
from seed_files import PAINTER, local, write
from tiny_painter import parts

import zoo
from zoo.errors import CheckpointCorruptError, CheckpointUnavailableError
from zoo.models.seed.painter_files import FILES, load_painter


def hub_files() -> dict[str, bytes]:
    return {
        str(path.relative_to(PAINTER)): path.read_bytes()
        for path in PAINTER.rglob("*")
        if path.is_file()
    }


def hub_card(folder: Path) -> Path:
    return write(folder, unclip="hub: {repo: lab/unclip, file: model_index.json}", embedding=64)


def test_it_comes_from_the_hub_when_it_is_needed(
    tmp_path: Path,
    fake_hub: FakeHub,  # noqa: F811
) -> None:
    extra = {"image_encoder/model.safetensors": b"large", "unet/diffusion_pytorch_model.bin": b"no"}
    commit = fake_hub.add("lab/unclip", {**hub_files(), **extra})
    tok = zoo.load(hub_card(tmp_path))
    tokens = tok.encode(picture(40, 40, 1))
    tok.vectors(tokens, "embedding")
    assert fake_hub.count() == 0
    with pytest.raises(CheckpointCorruptError, match="16 numbers, the ids give 64"):
        tok.decode(tokens)
    index = tok.part_path("unclip")
    assert commit in index.parts
    fetched = {str(p.relative_to(index.parent)) for p in index.parent.rglob("*") if p.is_file()}
    assert fetched == set(hub_files())


def test_without_network_it_says_so(
    tmp_path: Path,
    fake_hub: FakeHub,  # noqa: F811
) -> None:
    tok = zoo.load(hub_card(tmp_path), offline=True)
    tokens = tok.encode(picture(40, 40, 1))
    with pytest.raises(CheckpointUnavailableError, match="lab/unclip/model_index.json is not in"):
        tok.decode(tokens)
    assert fake_hub.count() == 0


def test_old_weight_files_will_do(tmp_path: Path) -> None:
    shutil.copytree(PAINTER, tmp_path / "painter")
    painter = load_painter(local(PAINTER))
    for name, file in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        (tmp_path / "painter" / name / f"{file}.safetensors").unlink()
        old = FILES[name][1][1]
        torch.save(painter.parts[name].state_dict(), tmp_path / "painter" / name / old)
    again = load_painter(local(tmp_path / "painter"))
    assert torch.equal(again.parts["unet"].conv_in.weight, painter.parts["unet"].conv_in.weight)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    shutil.copytree(PAINTER, tmp_path / "painter")
    (tmp_path / "painter" / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(CheckpointUnavailableError, match="vae/diffusion_pytorch_model.safetensors"):
        load_painter(local(tmp_path / "painter"))


@pytest.mark.parametrize("scheduler", [["diffusers", "DDPMScheduler"], ["evil", "System"], None])
def test_only_known_samplers_are_taken(tmp_path: Path, scheduler: object) -> None:
    shutil.copytree(PAINTER, tmp_path / "painter")
    (tmp_path / "painter" / "model_index.json").write_text(json.dumps({"scheduler": scheduler}))
    with pytest.raises(CheckpointCorruptError, match="known: DDIMScheduler"):
        load_painter(local(tmp_path / "painter"))


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # diffusers' Euler and numpy 2
@pytest.mark.parametrize("sampler", ["PNDMScheduler", "EulerDiscreteScheduler"])
def test_other_samplers_paint(tmp_path: Path, sampler: str) -> None:
    shutil.copytree(PAINTER, tmp_path / "painter")
    index = {"scheduler": ["diffusers", sampler]}
    (tmp_path / "painter" / "model_index.json").write_text(json.dumps(index))
    painter = load_painter(local(tmp_path / "painter"))
    labels, latents = torch.zeros(2, 32), torch.randn(1, *painter.latent_shape)
    with torch.no_grad():
        images = [painter.paint(labels, latents, steps=8, scale=2.0) for _ in range(2)]
    assert torch.equal(images[0], images[1])
    assert bool(torch.isfinite(images[0]).all())


def test_the_tiny_pipeline_is_the_one_its_script_writes() -> None:
    painter, made = load_painter(local(PAINTER)), parts()
    for name in ("unet", "vae", "text_encoder", "image_normalizer"):
        stored, fresh = painter.parts[name].state_dict(), made[name].state_dict()
        assert {k: v.shape for k, v in stored.items()} == {k: v.shape for k, v in fresh.items()}
