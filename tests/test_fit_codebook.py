"""zoo fit-codebook: a trunk without ids and a folder of videos -> a checkpoint with ids."""

from pathlib import Path

import pytest
import torch
from samples import video
from video_files import encoded

import zoo
from zoo import cli
from zoo.errors import MediaError, NotSupportedError
from zoo.fit import fit_checkpoint

CARD = """\
---
license: cc0-1.0
zoo:
  schema: 1
  family: tempme
  id_revision: 1
  source:
    - {name: clip, role: encode, file: nowhere.safetensors, format: zoo}
  config:
    trunk: {image_size: 16, patch: 4, width: 32, depth: 3, heads: 2, hidden: 64}
    merging:
      frames: 4
      per_frame: 1
      join_blocks: [1, 2]
      joins: [2, 2]
      cross_percent: 40
      intra_percent: 10
  input:
    modality: video
    size: [16, 16]
    fit: crop
    interpolation: bicubic
    mean: [0.5, 0.5, 0.5]
    std: [0.25, 0.25, 0.25]
    frames: 4
    fps: 5
    sampling: dense
  tokens:
    order: time
    vocab_sizes: [8192]
    segment: 16
    segment_hop: 4
    crop: 16
    extras:
      - {name: source_map, dtype: int32, axes: [item, frame, row, column], neutral: -1, bits: 5, labels: true}
  dtypes: [float32]
  deterministic_decode: true
  can_encode: false
  can_decode: false
---

No codebook.
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "bare.md"
    path.write_text(CARD)
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for seed in range(3):
        frames = [frame.permute(1, 2, 0).numpy() for frame in video(24, 32, 32, seed)]
        (folder / f"{seed}.mp4").write_bytes(encoded(frames, rate=5))
    return folder


def error(tok: zoo.Tokenizer, clip: Path, **how: object) -> float:
    seen = tok.view(clip).items[0]
    decoded = tok.decode(tok.encode(clip, **how), native=True).items[0]
    return float((decoded[: len(seen)] - seen.float() / 255).square().mean())


def test_a_bare_checkpoint_says_how_to_get_ids(card: Path, videos: Path) -> None:
    from zoo.loading import load_random

    tok = load_random(card)
    assert not tok.can_encode
    with pytest.raises(NotSupportedError, match="fit-codebook"):
        tok.encode(videos / "0.mp4")


def test_ids_come_out_of_it(
    card: Path, videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "fitted"
    words = ["fit-codebook", str(card), "--data", str(videos), "-o", str(out)]
    more = ["--slots", "3", "--size", "16", "--random-weights"]
    assert cli.main(words + more) == 0, capsys.readouterr().err
    tok = zoo.load(out)
    assert tok.vocab_sizes == (16,) * 4
    assert tok.spec.slots == ("appearance 1", "appearance 2", "appearance 3", "semantic")
    tokens = tok.encode(videos / "1.mp4")
    assert tokens.codes.shape == (1, 4, 6 * 16)
    assert tok.vectors(tokens, "semantic").tensor.shape == (1, 96, 32)
    assert tok.space != zoo.card(card).code_space
    assert tok.codebook(0).shape == (16, 4 * 48)
    assert tok.codebook(3).shape == (16, 32)
    constant = (tok.view(videos / "1.mp4").items[0].float() / 255).var()
    assert error(tok, videos / "1.mp4") < 0.7 * float(constant)
    assert "k-means" not in (out / "README.md").read_text()
    assert "fitted to the video files" in (out / "README.md").read_text()


def test_changes_are_worth_their_ids(card: Path, videos: Path, tmp_path: Path) -> None:
    errors = []
    for changes in (False, True):
        options = {"slots": 4, "size": 32, "semantic_slots": 0, "changes": changes}
        folder = fit_checkpoint(
            zoo.card(card), videos, tmp_path / str(changes), options=options, random_weights=True
        )
        errors.append(error(zoo.load(folder), videos / "2.mp4"))
    assert errors[1] < errors[0]


def test_what_cannot_be_fitted_is_refused(card: Path, videos: Path, tmp_path: Path) -> None:
    def fit(name: Path | str, data: Path, **options: int) -> None:
        fit_checkpoint(zoo.card(name), data, tmp_path / "out", options=options, random_weights=True)

    with pytest.raises(MediaError, match="too few for 999"):
        fit(card, videos, size=999)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(MediaError, match="no video"):
        fit(card, empty)
    (videos / "x.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match=r"x\.mp4"):
        fit(card, videos)
    with pytest.raises(NotSupportedError, match="no codebook"):
        fit(Path(__file__).parent / "cards" / "test-flextok.md", videos)
    with pytest.raises(NotSupportedError, match="has a codebook"):
        fit(Path(__file__).parent / "cards" / "test-tempme-means.md", videos)
    assert not (tmp_path / "out" / "README.md").exists()


def test_fewer_vectors_bound_the_memory_and_fitting_repeats(
    card: Path, videos: Path, tmp_path: Path
) -> None:
    tables = []
    for name in "ab":
        options = {"slots": 1, "size": 8, "vectors": 40}
        folder = fit_checkpoint(
            zoo.card(card), videos, tmp_path / name, options=options, random_weights=True
        )
        tables.append(zoo.load(folder).codebook(0))
    assert torch.equal(tables[0], tables[1])
