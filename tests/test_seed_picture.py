"""A small SEED with its own decoder to pixels: its options, and how it is trained."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from samples import picture
from short_training import use_recipe

import zoo
from zoo.errors import CardError, NotSupportedError
from zoo.loading import load_random
from zoo.models.layers.moving_codebook import follow
from zoo.models.seed.picture_objective import PictureObjective
from zoo.models.seed.starts import PlaceCode
from zoo.train import run
from zoo.train.recipe import Recipe, Stage, read_recipe
from zoo.train.state import load_newest
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher

CARD = Path(__file__).parent / "cards" / "test-seed-picture.md"
SIDE = 16


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_teacher(Teacher(TeacherConfig(3, (4, 12), (1, 1))), path, {})
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for part, seeds in (("train", range(6)), ("val", range(6, 10))):
        (tmp_path / "data" / part).mkdir(parents=True)
        for seed in seeds:
            picture(SIDE, SIDE, seed).save(tmp_path / "data" / part / f"{seed}.png")
    return tmp_path / "data"


def pixels(count: int = 8) -> torch.Tensor:
    flat = [torch.tensor(list(picture(SIDE, SIDE, i).tobytes())).byte() for i in range(count)]
    return torch.stack([one.view(SIDE, SIDE, 3).permute(2, 0, 1) for one in flat])


def options(teacher: Path, **changed: Any) -> dict[str, Any]:
    weights = {"pixels": 1.0, "features": 0.1, "embedding": 1.0, "last": 0.5, "commitment": 0.25}
    given = {"teacher": str(teacher), "quantized": True, "crop_share": 0.5, "crop_area": 0.5}
    given |= {"weights": weights | {"offset": 0.5, "spread": 0.1}}
    return given | {"codebook_decay": 0.9, "codebook_least": 0.1} | changed


def objective(teacher: Path, **changed: Any) -> PictureObjective:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return PictureObjective(tok.module, tok.config, options(teacher, **changed))


# decoding


def test_options_of_painting_are_refused_where_nothing_is_painted() -> None:
    tok = load_random(CARD)
    tokens = tok.encode(picture(SIDE, SIDE, 0))
    assert not [option for option in tok.options if option.verb == "decode"]
    for name, value in {"steps": 20, "guidance_scale": 1.0, "negative": tokens}.items():
        with pytest.raises(NotSupportedError, match=f"no option '{name}'"):
            tok.decode(tokens, **{name: value})
    painted = load_random(CARD.with_name("test-seed.md"))
    assert {"steps", "guidance_scale"} <= {option.name for option in painted.options}


def test_a_grid_that_does_not_reach_the_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.md"
    path.write_text(CARD.read_text().replace("widths: [8]", "widths: [8, 8]"))
    with pytest.raises(CardError, match="side of 32; image_size is 16"):
        load_random(path)


# training


def test_every_loss_reaches_what_it_should(teacher: Path) -> None:
    made = objective(teacher)
    losses = made(pixels(), torch.Generator().manual_seed(0))
    assert set(losses) == {"loss", *made.weights}
    total = sum(made.weights[name] * losses[name] for name in made.weights)
    assert torch.allclose(losses["loss"], torch.as_tensor(total))
    losses["loss"].backward()
    idle = [name for name, p in made.named_parameters() if p.requires_grad and p.grad is None]
    assert idle == []
    rows = made.model.quantizer.rows
    assert rows.grad is None  # it follows instead
    assert all(p.grad is None for p in made.teacher.parameters())


@pytest.mark.parametrize("count", [1, 3])
def test_held_out_pictures_may_be_odd_in_number(teacher: Path, count: int) -> None:
    with torch.no_grad():
        rows = objective(teacher).eval().pictures(pixels(count))
    assert [len(row) for row in rows] == [4] * (count // 2) + [2]


def test_a_teacher_of_another_width_is_refused(tmp_path: Path) -> None:
    save_teacher(Teacher(TeacherConfig(3, (4, 8), (1, 1))), tmp_path / "narrow.safetensors", {})
    with pytest.raises(CardError, match="8 numbers, the image embedding 12"):
        objective(tmp_path / "narrow.safetensors")


def test_the_teacher_stays_as_it_is(teacher: Path) -> None:
    made = objective(teacher).train()
    before = {name: value.clone() for name, value in made.teacher.state_dict().items()}
    made(pixels(), torch.Generator().manual_seed(0))
    assert all(torch.equal(value, before[name]) for name, value in made.teacher.named_buffers())


def test_it_learns_a_handful_of_pictures(teacher: Path) -> None:
    made = objective(teacher, quantized=False, crop_share=0.0)
    made.begin(pixels())
    start = made.eval().validate(pixels())
    made.train()
    optimizer = torch.optim.AdamW(made.trained.parameters(), lr=5e-3)
    for step in range(50):
        made(pixels(), torch.Generator().manual_seed(step))["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
    end = made.eval().validate(pixels())
    assert end["psnr"] > start["psnr"] + 1.5
    assert end["psnr"] > end["shuffled_psnr"] + 1
    assert end["embedding_cosine"] > start["embedding_cosine"]
    assert "used" not in end
    assert "used" in objective(teacher).eval().validate(pixels())


def test_near_places_are_alike() -> None:
    code = PlaceCode(256, torch.Generator().manual_seed(0)).grid(8, 8)
    alike = (code @ code.T / 256).view(8, 8, 8, 8)
    assert alike[3, 3, 3, 3] > 0.85
    assert 0.4 < alike[3, 3, 3, 4] < 0.8
    assert abs(alike[3, 3, 3, 7]) < 0.3
    assert alike[3, 3, 0, 0].abs() < 0.3


def test_rows_move_to_the_means_of_what_chose_them_and_idle_ones_are_replaced() -> None:
    random = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    table = torch.tensor([[0.5, 0.5], [3.0, 0.5], [90.0, 90.0]])
    counts, sums = torch.ones(3), table.clone()
    for _ in range(80):
        vectors = centres.repeat(20, 1) + 0.1 * torch.randn(60, 2, generator=random)
        ids = torch.cdist(vectors, table).argmin(1)
        follow(table, counts, sums, vectors, ids, decay=0.8, least=0.2, random=random)
    assert torch.cdist(centres, table).amin(1).max() < 0.1


def test_the_recipe_runs_is_resumed_to_the_same_weights_and_loads(
    data: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe(Path(run.__file__).parents[2] / "models/seed/recipes/seed-tiny.yaml")
    stages = [_short(stage) for stage in recipe.stages]
    short = Recipe(recipe.seed, 4, tuple(stages))
    use_recipe(short, monkeypatch)

    def go(out: Path) -> Path:
        return run.train(str(CARD), data, out, device="cpu", teacher=teacher, progress=False)

    out = go(tmp_path / "run")
    assert "shuffled_agreement" in (out / "ids" / "metrics.jsonl").read_text()
    assert list((out / "ids").glob("pictures-*.png"))
    tok = zoo.load(out)
    assert tok.decode(tok.encode(data / "val" / "7.png")).items[0].shape == (3, SIDE, SIDE)

    again = tmp_path / "again"
    shutil.copytree(out, again)
    for name in ("ids.safetensors", "model.safetensors", "ids/step-00000004.pt"):
        (again / name).unlink()
    state = load_newest(again / "ids")
    assert state is not None
    assert state["step"] == 2  # as a run that was killed leaves it
    go(again)
    ours, theirs = (zoo.load(folder).module.state_dict() for folder in (out, again))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def _short(stage: Stage) -> Stage:
    return replace(
        stage,
        steps=4,
        batch_size=4,
        warmup=1,
        cooldown=1,
        precision="no",
        validate_every=4,
        checkpoint_every=2,
    )
