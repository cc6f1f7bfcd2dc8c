"""The codecs whose networks are ours: batches of any lengths, files as they were published."""

import importlib
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
import torch
import yaml
from golden_case import GOLDEN, Case
from samples import sound
from torch import Tensor

import zoo
from zoo.loading import load_random
from zoo.tokenizer import Tokenizer

State = dict[str, Tensor]


def bare(state: State) -> object:
    return state


def lightning(state: State) -> object:
    """With the discriminators that Lightning keeps beside the weights."""
    losses = {"multiresddisc.discriminators.0.emb.weight": torch.ones(2, 2)}
    return {"epoch": 3, "global_step": 7, "state_dict": state | losses, "loops": {"fit": {}}}


def two_dicts(state: State) -> object:
    halves: dict[str, object] = {
        half: {
            name.removeprefix(f"{half}."): tensor
            for name, tensor in state.items()
            if name.startswith(f"{half}.")
        }
        for half in ("CodecEnc", "generator")
    }
    return halves | {"step": 5}


# family -> official card, golden case, the form of the published file
PUBLISHED: dict[str, tuple[str, str, Callable[[State], object]]] = {
    "speechtokenizer": ("speechtokenizer-hubert-avg", "elu", bare),
    "wavtokenizer": ("wavtokenizer-large-unify-40", "main", lightning),
    "bigcodec": ("bigcodec", "main", two_dicts),
}
FAMILIES = sorted(PUBLISHED)
LENGTHS = (2900, 1, 39, 40, 41, 700, 2899, 120)


@cache
def tiny(family: str) -> Tokenizer:
    return load_random(Path(__file__).parent / "cards" / f"test-{family}.md")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("samples", [1, 39, 40, 41, 2000])
def test_any_length_comes_back(family: str, samples: int):
    tok = tiny(family)
    tokens = tok.encode(sound(samples, 8000, 0))
    extra = samples % 40 == 0 and family == "bigcodec"
    assert tokens.lengths.tolist() == tok.count(sound(samples, 8000, 0))
    assert int(tokens.lengths) == -(-samples // 40) + extra
    assert tok.decode(tokens).items[0].shape == (1, samples)
    assert tok.decode(tokens, native=True).items[0].shape == (1, 40 * int(tokens.lengths))


@pytest.mark.parametrize("family", FAMILIES)
def test_sounds_of_any_lengths_in_one_batch_are_as_if_alone(family: str):
    tok = tiny(family)
    sounds = [sound(samples, 8000, seed) for seed, samples in enumerate(LENGTHS)]
    together = tok.encode(sounds, batch_size=len(sounds))
    alone = [tok.encode(one) for one in sounds]
    assert together == zoo.Tokens.cat(alone)
    decoded = tok.decode(together, batch_size=len(sounds), native=True)
    features = tok.features(sounds, batch_size=len(sounds))
    for i, (one, tokens) in enumerate(zip(sounds, alone, strict=True)):
        assert torch.allclose(decoded.items[i], tok.decode(tokens, native=True).items[0], atol=1e-5)
        expected, frames = tok.features(one).tensor[0], int(tokens.lengths)
        assert torch.allclose(features.tensor[i, :frames], expected, atol=1e-5)
        assert features.mask[i].sum() == frames
        assert not features.tensor[i, frames:].any()


@pytest.fixture
def published(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Case]:
    """A folder with a recorded model in the form of the published file, and what was recorded."""
    name, folder, form = PUBLISHED[request.param]
    case = Case(GOLDEN / request.param / folder)
    config = importlib.import_module(f"golden_{request.param}").config_of(case)
    card = zoo.card(name)
    front = yaml.safe_load(card.path.read_text(encoding="utf-8").split("---")[1])
    facts = front["zoo"]
    size = case.config.get("codebook_size") or config.codebook.size
    facts["config"] = asdict(config)
    facts["tokens"] |= {
        "vocab_sizes": [size] * card.tokens.num_slots,
        "hop": case.config["hop_length"],
    }
    (part,) = facts["source"]
    del part["hub"]
    part["file"] = "weights.pt"
    torch.save(form(case.state), tmp_path / "weights.pt")
    (tmp_path / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n", encoding="utf-8")
    return tmp_path, case


@pytest.mark.parametrize("published", FAMILIES, indirect=True)
def test_the_published_form_of_the_file_gives_the_recorded_ids(published: tuple[Path, Case]):
    folder, case = published
    tok = zoo.load(folder)
    assert tok.sample_rate is not None
    audio = case.io["audio"].reshape(2 if len(case.io["audio"]) == 2 else 1, -1)
    tokens = tok.encode([(one.numpy(), tok.sample_rate) for one in audio])
    assert torch.equal(tokens.codes.transpose(0, 1), case.io["codes"])
    name = "decoded_bw0" if tok.family == "wavtokenizer" else "decoded"
    expected = case.io[name].reshape(len(audio), -1).clamp(-1, 1)
    assert torch.allclose(tok.decode(tokens, native=True).tensor[:, 0], expected, atol=1e-4)
    cut = tok.decode(tokens).tensor[:, 0]
    assert torch.allclose(cut, expected[:, : audio.shape[1]], atol=1e-4)


@pytest.mark.parametrize("published", FAMILIES, indirect=True)
def test_half_of_the_file_is_enough_for_one_verb(published: tuple[Path, Case]):
    folder, case = published
    whole = zoo.load(folder)
    encoder, decoder = zoo.load(folder, only="encode"), zoo.load(folder, only="decode")
    assert whole.sample_rate is not None
    one = (case.io["audio"].flatten()[:3000].numpy(), whole.sample_rate)
    tokens = encoder.encode(one)
    assert tokens == whole.encode(one)
    assert torch.equal(decoder.decode(tokens).tensor, whole.decode(tokens).tensor)
    for kind in whole.vector_kinds:
        rows = decoder.vectors(tokens, kind).tensor
        assert torch.equal(rows, whole.vectors(tokens, kind).tensor)
