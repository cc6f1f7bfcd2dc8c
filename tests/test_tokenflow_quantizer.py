"""TokenFlow's quantiser: the nearest pair of codes, scale by scale."""

import pytest
import torch
import torch.nn.functional as F
from samples import images
from tokenflow_built import clip_tokenflow  # noqa: F401
from torch import Tensor

from zoo.models.tokenflow.quantizer import DualQuantizer, nearest
from zoo.models.tokenflow.tokenizer import TokenFlow


def two_distances(z: Tensor, quantizer: DualQuantizer) -> Tensor:
    """Ids by the sum of the two parts' squared distances, each written out."""
    total = torch.zeros(len(z), len(quantizer.semantic))
    for part, table in zip(
        z.split(quantizer.dims, 1), (quantizer.semantic, quantizer.pixel), strict=True
    ):
        table = F.normalize(table, dim=1)
        square = part.square().sum(1, keepdim=True) + table.square().sum(1)
        total += square - 2 * part @ table.T
    return total.argmin(1)


def test_one_product_finds_what_two_distances_find() -> None:
    torch.manual_seed(0)
    quantizer = DualQuantizer(2048, 32, 8)
    with torch.no_grad():
        z = quantizer.normalize(torch.randn(3, 40, 9, 9))
        ids = nearest(z.flatten(2).mT, quantizer.table())
        assert torch.equal(ids.flatten(), two_distances(z.flatten(2).mT.reshape(-1, 40), quantizer))


def test_the_first_of_equal_codes_wins() -> None:
    quantizer = DualQuantizer(64, 8, 4)
    with torch.no_grad():
        quantizer.semantic[40:] = quantizer.semantic[7]
        quantizer.pixel[40:] = quantizer.pixel[7]
        table = quantizer.table()
        assert nearest(table[None, 7:8], table).item() == 7


def test_a_prefix_quantises_no_more_scales_than_it_has(
    tok: TokenFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watched(vectors: Tensor, table: Tensor) -> Tensor:
        seen.append(vectors.shape[1])
        return nearest(vectors, table)

    monkeypatch.setattr("zoo.models.tokenflow.quantizer.nearest", watched)
    tok.encode(images()[0], prefix=2)
    assert seen == [1, 4]


def test_encoding_subtracts_what_passes_straight_through(tok: TokenFlow) -> None:
    """Upstream's z + (q - z), which is q up to rounding, also where nothing is trained."""
    quantizer = tok.module.quantizer
    features = tok.module.features(torch.randn(1, 3, 48, 48).clamp(-1, 1))
    steps = list(quantizer.steps(features, (1, 2, 4, 6)))
    for step in steps:
        straight = step.normalized + (step.codes - step.normalized)
        assert torch.equal(step.straight, straight)
    latent = torch.stack([step.spread for step in steps]).sum(0)
    looked_up = quantizer.grid(torch.cat([step.ids for step in steps], 1), (1, 2, 4, 6))
    assert torch.allclose(latent, looked_up, atol=2e-6)
