"""Every golden case, and every official key list, against our implementation."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from golden_case import GOLDEN, Case, find_cases

import zoo
from zoo.cards import Card, Part
from zoo.families import family_class
from zoo.loading import build_module, read_config
from zoo.models.flextok.vae import build_vae
from zoo.weights import Rule, compare_shapes, rename


def harness(family: str) -> ModuleType:
    """tests/golden_<family>.py"""
    path = Path(__file__).parent / f"golden_{family}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "folder" in metafunc.fixturenames:
        root = Path(metafunc.config.getoption("--golden") or GOLDEN)
        cases = list(find_cases(root))
        if not cases:
            raise pytest.UsageError(f"--golden {root}: no case with a config.json below it")
        metafunc.parametrize("folder", cases, ids=[str(c.relative_to(root)) for c in cases])


def test_equals_the_recording(folder: Path) -> None:
    case = Case(folder)
    harness(case.config["family"]).check(case)
    case.assert_complete()


OFFICIAL = [
    (card, part)
    for card in map(zoo.card, zoo.list_models(bundled=False))
    for part in card.source
    if part.keys
]


@pytest.mark.parametrize(("card", "part"), OFFICIAL, ids=lambda value: value.name)
def test_has_the_tensors_of_the_official_file(card: Card, part: Part) -> None:
    family = family_class(card.family)
    module = build_module(family, read_config(card, family.stand_ins), meta=True)
    elsewhere = {
        rename(key, family.formats[other.format])
        for other in card.source
        if other.keys and other is not part
        for key in recorded(card, other)
    }
    table = family.formats[part.format]
    report = compare_shapes(module, recorded(card, part), table, absent_ok=elsewhere)
    report = replace(report, unfilled=())  # nothing is filled here
    assert report.ok, str(report)
    assert all(tensor.is_meta for tensor in module.parameters())
    assert card.parameters == sum(tensor.numel() for tensor in module.state_dict().values())


def recorded(card: Card, part: Part) -> dict[str, list[int]]:
    """Names and shapes in the official file of a part."""
    (path,) = GOLDEN.glob(f"{card.family}/keys/{part.keys}.json")
    return json.loads(path.read_text(encoding="utf-8"))["keys"]


FLEXTOK_VAES = ("flextok_vae_c4", "flextok_vae_c8", "flextok_vae_c16")


@pytest.mark.parametrize("name", FLEXTOK_VAES)
def test_flextoks_standalone_autoencoders_have_our_tensors(name: str) -> None:
    """They are no tokenizers; their tensors are those of the VAE inside, without its prefix."""
    content = json.loads((GOLDEN / "flextok" / "keys" / f"{name}.json").read_text("utf-8"))
    family = family_class("flextok")
    config = read_config(zoo.card("flextok-d12-d12-in1k"), family.stand_ins)
    with torch.device("meta"):
        vae = build_vae(replace(config, latent_channels=content["meta"]["latent_channels"]))
    report = compare_shapes(vae, content["keys"], (Rule("{rest*}", "network.{rest*}"),))
    assert replace(report, unfilled=()).ok, str(report)


def test_every_recorded_key_list_is_compared() -> None:
    compared = {f"{card.family}/{part.keys}" for card, part in OFFICIAL}
    compared |= {f"flextok/{name}" for name in FLEXTOK_VAES}
    recorded_lists = {f"{p.parent.parent.name}/{p.stem}" for p in GOLDEN.glob("*/keys/*.json")}
    assert recorded_lists == compared
