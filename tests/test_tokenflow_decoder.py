"""TokenFlow's decoder stage for small machines: ids are fixed, the pixel decoder learns on."""

from pathlib import Path

import pytest
import torch
from short_training import killed_goes_on_to_the_same_weights, short_stage
from tokenflow_lean import CONFIG, model, pictures, random
from torch import Tensor

from zoo.models.tokenflow.lean_decoder import Coded, CodedBank, LeanDecoderObjective
from zoo.models.tokenflow.pixel_range import to_model
from zoo.train.data import ItemBank


@pytest.fixture(scope="module")
def batch() -> Tensor:
    return pictures()


@pytest.fixture
def objective() -> LeanDecoderObjective:
    return LeanDecoderObjective(model(), CONFIG, {"prefix_share": 0.0})


def test_items_and_their_mirror_images_have_their_own_ids(
    objective: LeanDecoderObjective, batch: Tensor
) -> None:
    bank = objective.eval().source(ItemBank(batch.numpy()))
    assert len(bank) == 2 * len(batch)
    rows = torch.tensor([3, 16 + 3, 31])
    coded = bank[rows]
    assert torch.equal(coded.images, torch.stack([batch[3], batch[3].flip(-1), batch[15].flip(-1)]))
    with torch.inference_mode():
        ids = objective.model.quantizer.encode(
            objective.model.features(to_model(coded.images)), objective.scales
        )
    assert coded.ids.dtype == torch.long
    assert torch.equal(coded.ids, ids)
    assert not torch.equal(coded.ids[0], coded.ids[1])


def test_a_batch_parts_into_batches(batch: Tensor) -> None:
    coded = Coded(batch, torch.arange(16)[:, None])
    parts = coded.chunk(3)
    assert [len(part) for part in parts] == [6, 6, 4]
    assert torch.equal(torch.cat([part.images for part in parts]), batch)
    assert torch.cat([part.ids for part in parts]).flatten().tolist() == list(range(16))


def test_only_the_pixel_decoder_learns(objective: LeanDecoderObjective, batch: Tensor) -> None:
    bank = objective.eval().source(ItemBank(batch.numpy()))
    losses = objective.train()(bank[torch.arange(8)], random())
    losses["loss"].backward()
    for name, weight in objective.model.named_parameters():
        assert (weight.grad is not None) == name.startswith("pixel_decoder."), name


def test_steps_improve_pictures_and_leave_ids(
    objective: LeanDecoderObjective, batch: Tensor
) -> None:
    with torch.inference_mode():
        before, ids = objective.eval().validate(batch), objective.ids(batch)
    bank = objective.source(ItemBank(batch.numpy()))
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=2e-3)
    for step in range(30):
        rows = torch.randint(len(bank), (8,), generator=random(step))
        loss = objective.train()(bank[rows], random(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        after = objective.eval().validate(batch)
        assert torch.equal(objective.ids(batch), ids)
    assert set(after) == {f"psnr_{k}_scales" for k in (1, 2, 3)} | {"used"}
    assert after["psnr_3_scales"] > before["psnr_3_scales"] + 1
    assert after["used"] == before["used"]


def test_a_share_of_steps_sees_the_first_scales_only(
    objective: LeanDecoderObjective, batch: Tensor
) -> None:
    """What the last scale says makes no difference then."""
    coded = objective.eval().source(ItemBank(batch.numpy()))[torch.arange(4)]
    other = Coded(coded.images, coded.ids.clone())
    other.ids[:, 1 + 4 :] = coded.ids[:, 1 + 4 :].flip(0)

    def same(seed: int) -> bool:
        return torch.equal(
            objective(coded, random(seed))["loss"], objective(other, random(seed))["loss"]
        )

    assert not any(same(seed) for seed in range(4))
    objective.prefix_share = 1.0
    assert all(same(seed) for seed in range(4))


def test_a_killed_run_goes_on_to_the_same_weights(batch: Tensor, tmp_path: Path) -> None:
    killed_goes_on_to_the_same_weights(
        lambda: LeanDecoderObjective(model(), CONFIG, {"prefix_share": 0.5}),
        ItemBank(batch.numpy()),
        short_stage("lean_decoder", {}),
        tmp_path,
    )


def test_small_ids_are_kept_small(objective: LeanDecoderObjective, batch: Tensor) -> None:
    bank = objective.eval().source(ItemBank(batch.numpy()))
    assert isinstance(bank, CodedBank)
    assert bank._ids.dtype == torch.int16
