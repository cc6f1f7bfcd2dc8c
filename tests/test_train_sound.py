"""Training on sounds: the bank, its crops, resuming exactly, a folder that loads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from samples import sound
from short_training import killed_goes_on_to_the_same_weights, short_stage, use_recipe

import zoo
from zoo.errors import MediaError
from zoo.loading import load_random
from zoo.models.codec.objective import CodecObjective
from zoo.train import run
from zoo.train.data import find_entries
from zoo.train.recipe import Recipe
from zoo.train.sounds import SoundBank, build_sounds

CARD = Path(__file__).parent / "cards" / "test-codec.md"
OPTIONS = {
    "rate": 8000,
    "positions": 60,
    "shares": {"digits": 0.25},
    "gain_db": [-6.0, 6.0],
    "full_share": 0.4,
    "train_filters": False,
    "codebook_decay": 0.9,
    "codebook_least": 0.03,
    "start": {"crops": 8, "flatten": 0.25, "rounds": 1},
    "windows": [128, 256],
    "mel_bands": [10, 20],
    "weights": {"mel": 1.0, "magnitude": 0.5, "envelope": 1.0, "wave": 1.0, "commitment": 0.25},
}
STAGE = short_stage("codec", OPTIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two folders of sounds and two held-out ones."""
    for name, count, samples in (("speech", 3, 6000), ("digits", 4, 1500), ("val-speech", 2, 4000)):
        place = tmp_path / "data" / name
        place.mkdir(parents=True)
        for index in range(count):
            soundfile.write(place / f"{index}.wav", *sound(samples + index, 8000, index))
    return tmp_path / "data"


def bank(folder: Path, path: Path) -> SoundBank:
    tok = load_random(CARD)
    training, _ = find_entries(folder, "audio")
    return build_sounds(
        training, folder, lambda c: tok.prepare(c).tensor, path, 2400, progress=False
    )


def test_a_bank_holds_every_sound_and_is_made_once(folder: Path, tmp_path: Path) -> None:
    made = bank(folder, tmp_path / "bank" / "train.npy")
    assert len(made) == 7
    assert made.folders == ["digits"] * 4 + ["speech"] * 3
    items = made[torch.tensor([6, 0])]
    assert items.shape == (2, 1, 2400)
    expected = zoo.read(folder / "speech" / "2.wav").tensor[0, :, :2400]
    assert torch.allclose(items[0], expected, atol=2**-15)
    assert not items[1, :, 1500:].any()
    stamp = (tmp_path / "bank" / "train.npy").stat().st_mtime_ns
    again = bank(folder, tmp_path / "bank" / "train.npy")
    assert (tmp_path / "bank" / "train.npy").stat().st_mtime_ns == stamp
    assert torch.equal(again[torch.tensor([6, 0])], items)


def test_a_sound_that_cannot_be_read_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "speech" / "1.wav").write_bytes(b"no sound")
    with pytest.raises(MediaError, match=r"1\.wav"):
        bank(folder, tmp_path / "bank.npy")
    assert not (tmp_path / "bank.npy").exists()


def test_crops_come_from_folders_by_their_shares(tmp_path: Path) -> None:
    ramp = np.arange(3000, dtype=np.int16)[:, None]
    made = SoundBank(ramp, [0, 1000, 2000], ["a", "a", "b"], 100)
    crops = made.crops(50, {"b": 3.0})
    rows = torch.randint(len(crops), (4000,), generator=torch.Generator().manual_seed(0))
    found = crops[rows]
    assert found.shape == (4000, 1, 50)
    starts = (found[:, 0, 0] * 2**15).round()
    assert torch.equal((found[:, 0, -1] * 2**15).round(), starts + 49)  # whole, one folder each
    assert float((starts >= 2000).float().mean()) == pytest.approx(0.75, abs=0.03)
    assert not ((starts > 1950) & (starts < 2000)).any()
    assert starts.max() <= 2950
    with pytest.raises(MediaError, match="b holds 1000 samples"):
        made.crops(1500, {})
    with pytest.raises(MediaError, match="above 0"):
        made.crops(50, {"a": 0.0, "b": 0.0})
    with pytest.raises(MediaError, match="without sounds: c; there are a, b"):
        made.crops(50, {"b": 3.0, "c": 1.0})


def test_sounds_beside_folders_are_a_folder_of_their_own(folder: Path, tmp_path: Path) -> None:
    for name, seed in (("a.wav", 8), ("z.wav", 9)):
        soundfile.write(folder / name, *sound(3000, 8000, seed))
    made = bank(folder, tmp_path / "bank.npy")
    assert made.folders == ["", ""] + ["digits"] * 4 + ["speech"] * 3
    assert made.crops(480, {}).ranges[0] == (0, 6000)
    expected = zoo.read(folder / "z.wav").tensor[0]
    assert torch.allclose(made.read(3000, 3000), expected, atol=2**-15)


def test_a_killed_run_goes_on_to_the_same_weights(folder: Path, tmp_path: Path) -> None:
    items = bank(folder, tmp_path / "bank.npy")

    def objective() -> CodecObjective:
        tok = load_random(CARD)
        return CodecObjective(tok.module.requires_grad_(True), tok.config, OPTIONS)

    whole, run_folder = killed_goes_on_to_the_same_weights(objective, items, STAGE, tmp_path)
    # what codebooks learn by goes on as well
    assert {"1.counts", "1.sums"} <= set(whole.trained.state_dict())
    assert "si_sdr_4" in (run_folder / "metrics.jsonl").read_text()
    assert list(run_folder.glob("pictures-*.png"))


def test_zoo_train_ends_in_a_folder_that_loads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = replace(STAGE, name="more", steps=2, options=OPTIONS | {"start": None})
    recipe = Recipe(seed=1, validation_items=2, stages=(STAGE, second), validation_seconds=0.3)
    use_recipe(recipe, monkeypatch)
    out = run.train(str(CARD), folder, tmp_path / "run", device="cpu", progress=False)
    tok = zoo.load(out)
    tokens = tok.encode(folder / "speech" / "0.wav")
    assert tokens.lengths.tolist() == [150]
    # fine-tuning goes on from what is there, also where a stage would start anew
    once = replace(STAGE, steps=1, learning_rate=1e-9, ema=0.0)
    use_recipe(replace(recipe, stages=(once,)), monkeypatch)
    finer = run.train(
        str(CARD), folder, tmp_path / "finer", device="cpu", start=str(out), progress=False
    )
    again = zoo.load(finer).module.state_dict()
    for name, value in tok.module.state_dict().items():
        close = "quantizer" in name or torch.allclose(again[name], value, atol=1e-3)
        assert close, name
