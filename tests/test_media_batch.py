"""Media: indexing, the canonical tensor, saving and showing."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo.errors import MediaError
from zoo.media import Media

MIXED = Media("image", [torch.zeros(3, 4, 6, dtype=torch.uint8), torch.ones(3, 5, 5)])


def steps(count: int = 3, size: int = 4) -> Media:
    """Images of one grey each: 0, 1, 2 ..."""
    grey = torch.arange(count, dtype=torch.uint8)
    return Media("image", grey[:, None, None, None].expand(count, 3, size, size))


def test_items_slices_and_iteration_give_media():
    media = steps(5)
    assert zoo.Media is Media
    assert len(media) == 5
    assert [int(one.items[0].max()) for one in media] == [0, 1, 2, 3, 4]
    assert all(isinstance(one, Media) and len(one) == 1 for one in media)
    assert int(media[-1].items[0].max()) == 4
    assert len(media[1:4:2]) == 2
    assert len(media[5:]) == 0
    for index in (5, -6):
        with pytest.raises(IndexError):
            media[index]


def test_tensor_is_float_in_0_to_1_where_shapes_agree():
    media = Media("image", torch.full((2, 3, 4, 6), 51, dtype=torch.uint8))
    assert media.tensor.dtype == torch.float32
    assert media.tensor.shape == (2, 3, 4, 6)
    assert media.numpy().dtype == np.float32
    assert media.numpy().max() == np.float32(0.2)
    assert MIXED[1].tensor.max() == 1
    with pytest.raises(MediaError, match=r"\[3, 4, 6\], \[3, 5, 5\]; .*media\[i\].*native=True"):
        _ = MIXED.tensor
    with pytest.raises(MediaError, match="no items"):
        _ = MIXED[:0].tensor


def test_dtypes_and_devices():
    assert (
        Media("image", [torch.zeros(3, 2, 2, dtype=torch.bfloat16)]).tensor.dtype == torch.float32
    )
    moved = MIXED.to("meta")
    assert [item.device.type for item in moved.items] == ["meta", "meta"]
    with pytest.raises(MediaError, match="fps and times are for video, not for image"):
        Media("image", torch.zeros(2, 3, 2, 2), fps=4)
    with pytest.raises(AttributeError):
        moved.rate = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_it_prints_short_and_can_be_pickled():
    assert repr(MIXED) == "Media(image, 2 items: [3, 4, 6], [3, 5, 5])"
    assert repr(steps(1)) == "Media(image, 1 item: [3, 4, 4])"
    assert repr(steps(9)).endswith("[3, 4, 4], ...)")
    again = pickle.loads(pickle.dumps(MIXED))
    assert torch.equal(again.items[1], MIXED.items[1])


def test_pil_rounds_clamps_and_takes_one_image():
    values = torch.tensor([-0.2, 0.0, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.3]).expand(3, 1, 6)
    image = Media("image", [values]).pil()
    assert (image.mode, image.size) == ("RGB", (6, 1))
    assert np.array(image)[0, :, 0].tolist() == [0, 0, 0, 1, 255, 255]
    with pytest.raises(MediaError, match=r"one image, this is Media.*media\[i\].pil"):
        MIXED.pil()
    with pytest.raises(MediaError, match="NaN"):
        Media("image", [torch.full((3, 2, 2), torch.nan)]).pil()


@pytest.mark.parametrize("suffix", ["png", "JPG", "jpeg", "webp", "bmp", "tif", "tiff", "avif"])
def test_one_item_is_one_file_of_the_format_its_suffix_names(tmp_path: Path, suffix: str):
    path = tmp_path / f"out.{suffix}"
    media = Media("image", torch.full((1, 3, 8, 8), 0.6))
    assert media.save(path) == [path]
    assert abs(zoo.read(path).tensor - media.tensor).max() < 0.01
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with Image.open(path) as opened:
        names = {"jpg": "JPEG", "tif": "TIFF"}
        assert opened.format == names.get(suffix.lower(), suffix.upper())


def test_several_items_go_to_a_folder_or_a_pattern(tmp_path: Path):
    media = steps(3)
    for name in ("new/deep", "dotted.v1/", "new"):
        paths = media.save(f"{tmp_path}/{name}")
        assert [path.name for path in paths] == ["0000.png", "0001.png", "0002.png"]
        assert [int(zoo.read(path).items[0].max()) for path in paths] == [0, 1, 2]
    paths = media.save(tmp_path / "new" / "x{:02}.bmp")
    assert [path.name for path in paths] == ["x00.bmp", "x01.bmp", "x02.bmp"]
    assert media[:1].save(tmp_path / "x{}.bmp") == [tmp_path / "x0.bmp"]
    assert media[:1].save(tmp_path / "new") == [tmp_path / "new" / "0000.png"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("out.xyz", ".xyz names no image format; expected .png, .jpg"),
        ("out{}", "no suffix names no image format"),
        ("out.png", "is one file and this batch has 3 items; save to a folder"),
        ("out{name}.png", "is no pattern; expected one such as"),
        ("out{0.nope}.png", "is no pattern"),
        ("none/out{}.png", "there is no folder"),
        ("file.png/", "cannot make the folder"),
    ],
)
def test_saving_says_what_is_wrong(tmp_path: Path, name: str, part: str):
    (tmp_path / "file.png").write_bytes(b"x")
    with pytest.raises(MediaError) as caught:
        steps(3).save(f"{tmp_path}/{name}")
    assert part in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["file.png"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "a.png"
    steps(1).save(path)
    before = path.read_bytes()
    with pytest.raises(MediaError, match=r"cannot write .*a.png: the image contains NaN"):
        Media("image", [torch.full((3, 2, 2), torch.nan)]).save(path)
    with pytest.raises(MediaError, match="cannot write this image as WEBP"):
        Media("image", [torch.zeros(3, 1, 20000)]).save(tmp_path / "wide.webp")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_notebooks_show_one_image_as_png_and_several_as_html():
    one = steps(1)
    data = one._repr_png_()
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (4, 4)
    assert one._repr_html_() is None
    many = steps(20)
    assert many._repr_png_() is None
    html = many._repr_html_()
    assert html is not None
    assert html.count("<img") == 16
    assert "and 4 more" in html
