"""TokenFlow's image sizes, and the grid of scales that belongs to each."""

import numpy as np
import pytest
import torch
from PIL import Image
from samples import images, picture
from tokenflow_built import clip_tokenflow, siglip_tokenflow  # noqa: F401

import zoo
from zoo.errors import NotSupportedError, TokenError
from zoo.models.tokenflow.tokenizer import TokenFlow


def test_the_grid_tells_one_size_from_the_other(tok: TokenFlow) -> None:
    large, small = tok.encode(images()[:2]), tok.encode(images()[:2], size=32)
    assert large.grid is not None
    assert small.grid is not None
    assert large.grid.tolist() == [[6, 6]] * 2
    assert small.grid.tolist() == [[4, 4]] * 2
    assert small.lengths.tolist() == [21, 21]
    assert tok.decode(large, native=True).tensor.shape[-2:] == (48, 48)
    assert tok.decode(small, native=True).tensor.shape[-2:] == (32, 32)
    assert tok.count(images()[:2]) == large.lengths.tolist()
    assert tok.count(images()[:2], size=32) == small.lengths.tolist()
    assert tok.features(images()[0], size=32).tensor.shape[1] == 4 * 4
    assert tok.view(images()[0], size=32).tensor.shape[-2:] == (32, 32)
    both = zoo.Tokens.cat([large, small])
    sizes = [item.shape[-1] for item in tok.decode(both, native=True).items]
    assert sizes == [48, 48, 32, 32]
    seen = [origin.rect for origin in small.origin if origin]
    assert [item.shape[1:] for item in tok.decode(small).items] == [r[2:] for r in seen if r]


def test_the_same_ids_mean_another_image_on_another_grid(tok: TokenFlow) -> None:
    ids = tok.encode(images()[0], size=32).codes
    whole, part = tok.tokens(ids, grid=[[4, 4]]), tok.tokens(ids)  # three of four scales
    assert tok.decode(whole).tensor.shape[-1] == 32
    assert tok.decode(part).tensor.shape[-1] == 48


@pytest.mark.parametrize("grid", [[5, 5], [4, 6], [6, 4]])
def test_a_grid_that_is_not_the_models_is_refused(tok: TokenFlow, grid: list[int]) -> None:
    ids = torch.zeros(1, 21, dtype=torch.int64)
    with pytest.raises(TokenError, match=r"has \[6, 6\] or \[4, 4\]"):
        tok.tokens(ids, grid=[grid])


def test_more_scales_than_the_grid_has_are_refused(tok: TokenFlow) -> None:
    with pytest.raises(TokenError, match="57 ids"):
        tok.tokens(torch.zeros(1, 57, dtype=torch.int64), grid=[[4, 4]])
    with pytest.raises(TokenError, match="3 scales"):
        tok.encode(images()[0], size=32, prefix=4)
    with pytest.raises(TokenError, match="positions"):
        tok.tokens(torch.zeros(1, 20, dtype=torch.int64))


def test_another_size_is_refused(tok: TokenFlow, siglip: TokenFlow) -> None:
    with pytest.raises(NotSupportedError, match="48 or 32"):
        tok.encode(images()[0], size=40)
    with pytest.raises(NotSupportedError, match="33"):
        siglip.encode(images()[0], size=48)


def test_padding_keeps_the_whole_picture_as_a_language_model_sees_it(siglip: TokenFlow) -> None:
    item = picture(60, 40, 5)
    board = Image.new("RGB", (60, 60), (127, 127, 127))
    board.paste(item, (10, 0))
    expected = np.asarray(board.resize((33, 33), Image.Resampling.BICUBIC))
    seen = siglip.prepare(item, fit="pad").tensor
    assert np.array_equal(seen.permute(1, 2, 0).numpy(), expected)
    tokens = siglip.encode(item, fit="pad")
    assert siglip.decode(tokens).tensor.shape[-2:] == (60, 40)
