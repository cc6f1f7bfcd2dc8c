"""The training loop: the same curve after a kill, and a result that loads."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from samples import picture
from short_training import killed_goes_on_to_the_same_weights, short_stage, use_recipe
from torch import nn
from train_items import CARD, eight_pictures  # noqa: F401

import zoo
from zoo.errors import CardError, ZooError
from zoo.files.rewrite import without_keys
from zoo.loading import load_random
from zoo.models.flextok.objective import FlowObjective
from zoo.train import run
from zoo.train.data import ItemBank
from zoo.train.loop import run_stage
from zoo.train.objective import Objective
from zoo.train.recipe import Recipe
from zoo.train.result import OF_OTHER_WEIGHTS
from zoo.train.state import load_newest, saved_states
from zoo.weights import read_tensors

FLOW = {"full_share": 0.25, "null_share": 0.1, "noise_share": 0.25, "mode_scale": 0.25}
FLOW |= {"saturation_weight": 0.1}


STAGE = short_stage("flow", FLOW)


def flow_objective() -> FlowObjective:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    return FlowObjective(tok.module, tok.config, FLOW)


def test_a_killed_run_goes_on_to_the_same_weights(items: ItemBank, tmp_path: Path) -> None:
    _, folder = killed_goes_on_to_the_same_weights(flow_objective, items, STAGE, tmp_path)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert any("psnr_16_tokens_20_steps" in line for line in lines)
    assert (folder / "curves.png").stat().st_size > 1000
    assert list(folder.glob("pictures-*.png"))


class Line(Objective):
    """Fits the mean of pictures with one number: gradients that can be added up by hand."""

    def __init__(self) -> None:
        super().__init__(nn.Identity(), None, {})
        self.part = nn.Linear(1, 1, dtype=torch.float64)
        nn.init.constant_(self.part.weight, 0.5)
        nn.init.constant_(self.part.bias, 0.1)
        self.sizes: list[int] = []

    @property
    def trained(self) -> nn.Module:
        return self.part

    def forward(self, batch: torch.Tensor, random: torch.Generator) -> dict[str, torch.Tensor]:
        self.sizes.append(len(batch))
        means = batch.double().mean((1, 2, 3))[:, None] / 255
        return {"loss": (self.part(means) - means.sqrt()).square().mean()}

    def validate(self, items: torch.Tensor) -> dict[str, float]:
        return {"figure": 0.0}


def test_a_batch_in_parts_has_the_gradients_of_the_whole(items: ItemBank, tmp_path: Path) -> None:
    found = []
    for parts, sizes in ((1, [7]), (3, [3, 3, 1])):
        objective = Line()
        stage = replace(STAGE, batch_size=7, accumulate=parts)
        run_stage(
            objective, items, items[torch.arange(2)], stage, seed=1,
            folder=tmp_path / str(parts), device="cpu", progress=False,
        )  # fmt: skip
        assert objective.sizes == sizes * STAGE.steps
        found.append(objective.trained.state_dict())
    assert not torch.equal(found[0]["weight"], torch.full((1, 1), 0.5, dtype=torch.float64))
    for name, value in found[0].items():
        assert torch.allclose(value, found[1][name], rtol=1e-9, atol=0)
    logs = [(tmp_path / str(parts) / "metrics.jsonl").read_text().splitlines() for parts in (1, 3)]
    losses = [json.loads(lines[0])["train"]["loss"] for lines in logs]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(items: ItemBank, tmp_path: Path) -> None:
    held_out = items[torch.arange(2)]
    run_stage(
        flow_objective(),
        items,
        held_out,
        STAGE,
        seed=1,
        folder=tmp_path,
        device="cpu",
        progress=False,
    )
    newest = saved_states(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:100])
    state = load_newest(tmp_path)
    assert state is not None
    assert state["step"] == 3


def test_a_loss_that_is_no_number_stops_the_run(items: ItemBank, tmp_path: Path) -> None:
    objective = flow_objective()
    broken = torch.full_like(objective.model.encoder.head.weight, torch.nan)
    objective.model.encoder.head.weight.data.copy_(broken)
    with pytest.raises(ZooError, match="not finite"):
        run_stage(
            objective,
            items,
            items[torch.arange(2)],
            STAGE,
            seed=1,
            folder=tmp_path,
            device="cpu",
            progress=False,
        )


def test_training_lowers_the_loss(items: ItemBank) -> None:
    objective = flow_objective()
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=3e-3)
    source = objective.source(items)
    losses = []
    for step in range(60):
        random = torch.Generator().manual_seed(step % 2)
        loss = objective(source[torch.arange(8)], random)["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of four pictures and two held out, where the card's recipe has two short stages."""
    first = replace(STAGE, name="autoencoder", objective="autoencoder", options={"kl_weight": 1e-5})
    use_recipe(Recipe(seed=1, validation_items=2, stages=(first, STAGE)), monkeypatch)
    folder = tmp_path / "data of mine"
    folder.mkdir()
    for index in range(6):
        picture(40, 50, index).save(folder / f"{'val' if index > 3 else 'a'}-{index}.png")
    return folder


def test_zoo_train_ends_in_a_folder_that_loads(data: Path, tmp_path: Path) -> None:
    out = run.train(str(CARD), data, tmp_path / "run", device="cpu", progress=False)
    tok = zoo.load(out)
    tokens = tok.encode(picture(40, 50, 0))
    assert tokens.lengths.tolist() == [16]
    assert tok.space != zoo.card(CARD).code_space  # new weights: ids of their own
    told = (out / "README.md").read_text()
    assert "on 4 items of `data of mine`; 2 others were held out" in told
    assert re.search(r"\| flow \| psnr_16_tokens_20_steps \| [0-9.]+ \|", told)
    assert re.search(r"\| flow \| 6 \| 4 \| 0.001 \| no \| 0\.[0-9] \|", told)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").glob("*.safetensors")}
    again = run.train(str(CARD), data, tmp_path / "run", device="cpu", progress=False)
    assert zoo.load(again).encode(picture(40, 50, 0)) == tokens  # nothing was trained twice
    assert before[tmp_path / "run" / "flow.safetensors"] == (
        (tmp_path / "run" / "flow.safetensors").stat().st_mtime_ns
    )
    with pytest.raises(CardError, match="no stage 'flwo'"):
        run.train(str(CARD), data, tmp_path / "run", stages=["flwo"])


def test_a_stage_goes_on_from_the_one_before(data: Path, tmp_path: Path) -> None:
    names = ("autoencoder", "flow")

    def trained(folder: str, stages: list[str], start: str | None = None) -> Path:
        return run.train(
            str(CARD),
            data,
            tmp_path / folder,
            device="cpu",
            progress=False,
            stages=stages,
            start=start,
        )

    with pytest.raises(CardError, match=r"flow goes on from stage autoencoder.*pass --from NAME"):
        trained("apart", ["flow"])
    assert not (tmp_path / "apart").exists()
    for name in names:
        trained("apart", [name])
    trained("whole", [])
    for name in names:
        apart, whole = (
            read_tensors(tmp_path / at / f"{name}.safetensors") for at in ("apart", "whole")
        )
        assert apart.keys() == whole.keys()
        assert all(torch.equal(apart[key], whole[key]) for key in whole)
    trained("tuned", ["flow"], start=str(tmp_path / "whole"))  # what it starts from has had both


def test_new_weights_do_not_inherit_what_others_reached(tmp_path: Path) -> None:
    card = zoo.card("flextok-tiny")
    text = card.path.read_text()
    assert "model-index:" in text
    changed = without_keys(text, "card", OF_OTHER_WEIGHTS)
    assert "model-index:" not in changed
    assert "datasets:" not in changed
    (tmp_path / "flextok-tiny.md").write_text(changed)
    assert zoo.card(tmp_path / "flextok-tiny.md").config == card.config
    kept = [line for line in text.splitlines() if line in changed.splitlines()]
    assert kept == changed.splitlines()  # every other line as it was
