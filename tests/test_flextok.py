"""FlexTok beyond the contract: upstream's files from a Hub, its configuration, noise, speed-ups."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from fake_hub import FakeHub, fake_hub  # noqa: F401
from golden_case import GOLDEN, Case
from samples import images
from tiny import CARD as TINY

import zoo
from zoo.errors import CheckpointCorruptError, CheckpointUnavailableError, NotSupportedError
from zoo.loading import load_random
from zoo.models.flextok.hub_config import read_hub_config

CARD = Path(__file__).parent / "cards" / "test-flextok.md"
CONFIG = {
    "vae": {"_target_": "os.system", "scaling_factor": 0.7, "sample_posterior": False},
    "decoder": {
        "_target_": "os.system",
        "module_dict": {"dec_time_embedder": {"_target_": "os.system", "max_timestep": 1000.0}},
    },
}


@pytest.fixture
def case() -> Case:
    return Case(GOLDEN / "flextok" / "main")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "flextok-small.md"
    path.write_text(hub_card())
    return path


def hub_card() -> str:
    """The tiny card, for a repository on the Hub whose own configuration has some of its numbers."""
    front = yaml.safe_load(TINY.format(name="any").split("---\n")[1])
    front |= {"license": "other", "license_name": "for-tests"}
    facts = front["zoo"]
    hub = {"repo": "lab/flextok_small", "file": "model.safetensors"}
    facts["source"] = [{"name": "model", "role": "both", "hub": hub, "format": "original"}]
    fields = ["scaling_factor", "sample_posterior", "max_timestep"]
    for name in fields:
        del facts["config"][name]
    facts["config_from"] = {"part": "model", "file": "config.json", "fields": fields}
    return f"---\n{yaml.safe_dump(front)}---\n"


def publish(hub: FakeHub, case: Case, config: object) -> None:
    weights = (case.folder / "state.safetensors").read_bytes()
    content = config if isinstance(config, bytes) else json.dumps(config).encode()
    hub.add("lab/flextok_small", {"model.safetensors": weights, "config.json": content})


def test_an_official_repository_gives_upstreams_ids(
    fake_hub: FakeHub,  # noqa: F811
    case: Case,
    card: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(fake_hub, case, CONFIG)
    tok = zoo.load(card)
    assert "for-tests" in capsys.readouterr().err  # not an open licence: said once
    picture = case.io["image"] / 2 + 0.5
    tokens = tok.encode(picture)
    assert torch.equal(tokens.codes[:, 0], case.io["tokens_from_image_mean"])
    noise = case.io["detok_noise"]
    made = tok.tokens(case.io["dec_tokens"])
    keep = case.io["dec_keep"].tolist()
    options = {"steps": 4, "guidance_scale": 7.5, "normalized_guidance": True}
    decoded = tok.decode(made.prefix(keep), noise=noise, **options).tensor
    expected = (case.io["detok_mix_steps4_g7.5_apg_image"] / 2 + 0.5).clamp(0, 1)
    assert torch.allclose(decoded, expected, atol=5e-4)
    drawn = tok.decode(made, seed=77, steps=4, guidance_scale=1.0)[0].tensor
    full = case.io["detok_all_steps4_g1.0_latents"][:1]
    with torch.inference_mode():
        first = (tok.module.vae.decode(full) / 2 + 0.5).clamp(0, 1)
    assert torch.allclose(drawn, first, atol=5e-4)  # item 0 draws what upstream's generator draws


def test_its_absence_or_a_wrong_type_is_an_error(
    fake_hub: FakeHub,  # noqa: F811
    case: Case,
    card: Path,
) -> None:
    with pytest.raises(CheckpointUnavailableError, match="flextok_small"):
        zoo.load(card)
    without = json.loads(json.dumps(CONFIG))
    del without["decoder"]["module_dict"]["dec_time_embedder"]["max_timestep"]
    publish(fake_hub, case, without)
    with pytest.raises(CheckpointCorruptError, match="max_timestep"):
        zoo.load(card)
    broken = json.loads(json.dumps(CONFIG))
    broken["vae"]["scaling_factor"] = "a lot"
    publish(fake_hub, case, broken)
    with pytest.raises(CheckpointCorruptError, match="scaling_factor"):
        zoo.load(card, revision="main")
    publish(fake_hub, case, b"{not json")
    with pytest.raises(CheckpointCorruptError, match="JSON"):
        zoo.load(card, revision="main")


def test_the_configuration_is_read_from_metadata_too() -> None:
    stored = {name: str(tree) for name, tree in CONFIG.items()}
    expected = {"scaling_factor": 0.7, "sample_posterior": False, "max_timestep": 1000.0}
    assert read_hub_config(stored) == read_hub_config(CONFIG) == expected
    assert read_hub_config({"vae": "[not a mapping", "decoder": 3}) == {}


def test_sampling_the_posterior_follows_the_seed() -> None:
    tok = load_random(CARD)
    pictures = images()
    mean = tok.encode(pictures)
    drawn = tok.encode(pictures, sample_posterior=True, seed=1)
    assert drawn != mean
    assert drawn == tok.encode(pictures, sample_posterior=True, seed=1)
    assert drawn[2].codes.equal(tok.encode(pictures[2], sample_posterior=True, seed=1).codes)
    assert drawn != tok.encode(pictures, sample_posterior=True, seed=2)


def test_noise_of_another_shape_is_refused() -> None:
    tok = load_random(CARD)
    tokens = tok.encode(images()[0])
    with pytest.raises(NotSupportedError, match=r"expected \[items, 4, 8, 8\]"):
        tok.decode(tokens, noise=torch.zeros(1, 4, 4, 4), steps=1)
    given = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    by_hand = tok.decode(tokens, noise=given, steps=1).items[0]
    assert torch.equal(by_hand, tok.decode(tokens, seed=3, steps=1).items[0])


def test_dropped_registers_count_as_many() -> None:
    """One vector with log(count) on its logit equals upstream's repeated ones."""
    model = load_random(CARD).module
    torch.manual_seed(0)
    for block in model.decoder.blocks:  # modulations are zero at birth: give them a voice
        for parameter in block.modulation.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    noised, times = torch.randn(2, 4, 8, 8), torch.tensor([0.3, 0.9])
    codes = model.quantizer.vectors(torch.randint(64000, (2, 5)))
    modulations = model.decoder.modulations(times)
    from zoo.models.flextok.decoder import Condition

    short = model.decoder.condition(codes)
    repeated = torch.cat([short.tokens[:, :5], short.tokens[:, 5:].expand(-1, 11, -1)], dim=1)
    with torch.inference_mode():
        ours = model.decoder(noised, short, modulations)
        theirs = model.decoder(noised, Condition(repeated, None), modulations)
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert not torch.allclose(
        ours, model.decoder(noised, Condition(short.tokens, None), modulations), atol=1e-3
    )
