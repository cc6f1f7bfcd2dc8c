"""Image files: every mode, orientation and format."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from image_reading import difference, error_of, pixels, smooth
from PIL import Image, ImageOps
from sample_files import NO_SAMPLES, SAMPLE_FILES
from torch.nn.functional import avg_pool2d

from zoo.media import read

FORMATS = SAMPLE_FILES / "image-formats"
needs_formats = pytest.mark.skipif(not FORMATS.is_dir(), reason=NO_SAMPLES)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_opaque_modes_are_converted_as_pillow_does(mode: str):
    image = smooth().convert(mode)
    assert torch.equal(read(image).items[0], pixels(image))


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_alpha_is_laid_over_white(mode: str):
    image = smooth()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    if mode == "La":
        image = image.convert("LA")
    image = image.convert(mode)
    back = image.convert("LA").convert("RGBA") if mode == "La" else image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    expected = pixels(Image.alpha_composite(white, back))
    assert (read(image).items[0].int() - expected.int()).abs().max() <= 1


def test_transparent_colours_of_palettes_and_png(tmp_path: Path):
    palette = Image.new("P", (4, 2))
    palette.putpalette([200, 0, 0, 0, 0, 200])
    palette.putpixel((0, 0), 1)
    palette.save(tmp_path / "int.png", transparency=0)
    palette.save(tmp_path / "bytes.png", transparency=b"\x00\x80")
    palette.save(tmp_path / "a.gif", transparency=0)
    Image.new("RGB", (4, 2), (9, 9, 9)).save(tmp_path / "rgb.png", transparency=(9, 9, 9))
    for name in ("int.png", "bytes.png", "a.gif", "rgb.png"):
        assert read(tmp_path / name).items[0][:, 1, 1].tolist() == [255, 255, 255]
    assert read(tmp_path / "int.png").items[0][:, 0, 0].tolist() == [0, 0, 200]
    assert read(tmp_path / "bytes.png").items[0][:, 0, 0].tolist() == [127, 127, 227]


def test_sixteen_bit_grey_is_scaled(tmp_path: Path):
    grey = np.linspace(0, 65535, 12 * 8).reshape(12, 8).astype(np.uint16)
    expected = torch.from_numpy(np.round(grey / 257).astype(np.uint8))
    for name in ("a.png", "a.tif", "a.pgm", "a.jp2"):
        Image.fromarray(grey).save(tmp_path / name)
        item = read(tmp_path / name).items[0]
        assert (item[1].int() - expected.int()).abs().max() <= (name == "a.jp2")
    big_endian = Image.frombytes("I;16B", (8, 12), grey.astype(">u2").tobytes())
    assert torch.equal(read(big_endian).items[0][0], expected)


def test_pictures_of_integers_and_floats():
    assert "mode I" in error_of(Image.new("I", (3, 3), 70))
    half = read(Image.new("F", (3, 3), 0.5)).items[0]
    assert half.dtype == torch.float32
    assert half.unique().tolist() == [0.5]
    assert "divide by 255" in error_of(Image.new("F", (3, 3), 99.0))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str):
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth().save(tmp_path / f"a.{suffix}", exif=exif)
    with Image.open(tmp_path / f"a.{suffix}") as opened:
        expected = pixels(ImageOps.exif_transpose(opened))
        assert torch.equal(read(opened).items[0], expected)
    assert expected.shape == ((3, 32, 24) if orientation > 4 else (3, 24, 32))
    assert torch.equal(read(tmp_path / f"a.{suffix}").items[0], expected)


def test_an_orientation_that_means_nothing_is_ignored(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 0
    smooth().save(tmp_path / "zero.png", exif=exif)
    assert torch.equal(read(tmp_path / "zero.png").items[0], pixels(smooth()))
    smooth().save(tmp_path / "bad.png", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert torch.equal(read(tmp_path / "bad.png").items[0], pixels(smooth()))


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, suffix: str):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    assert read(path).items[0][:, 3, 3].tolist() == [255, 0, 0]
    with Image.open(path) as opened:
        opened.seek(2)
        assert read(opened).items[0][:, 3, 3].tolist() == [0, 0, 255]


def test_threads_may_read_side_by_side(tmp_path: Path):
    smooth().save(tmp_path / "a.png")
    filters = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        items = list(pool.map(lambda _: read(tmp_path / "a.png").items[0], range(64)))
    assert all(torch.equal(item, items[0]) for item in items)
    assert warnings.filters == filters


def test_a_one_pixel_image(tmp_path: Path):
    Image.new("L", (1, 1), 7).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").tensor.shape == (1, 3, 1, 1)


@needs_formats
def test_every_file_of_the_collection():
    upright = read(FORMATS / "rgb.png").items[0].float()
    grey = read(FORMATS / "l.png").items[0].float()
    alpha = torch.linspace(0, 1, 96)  # a ramp from left to right
    expected = {
        "l.png": (grey, 0.0),
        "l.jpg": (grey, 2.0),
        "gray16.png": (upright.mean(0).expand(3, -1, -1), 0.6),
        "la.png": (grey * alpha + 255 * (1 - alpha), 2.0),
        "rgba.png": (upright * alpha + 255 * (1 - alpha), 2.0),
    }
    special = {"not_an_image.jpg", "truncated.jpg", "one_pixel.png", "thin_3x97.png"}
    names = {path.name for path in FORMATS.iterdir() if path.suffix != ".tsv"} - special
    for name in sorted(name for name in names if not name.startswith("exif")):
        image = read(FORMATS / name).items[0].float()
        if name == "bilevel.png":  # dithered: right on the average of a neighbourhood
            assert difference(avg_pool2d(image, 8), avg_pool2d(grey, 8)) < 4
            continue
        picture, loss = expected.get(name, (upright, 3.5))
        assert difference(image, picture) <= loss, name
    assert read(FORMATS / "one_pixel.png").items[0].shape == (3, 1, 1)
    assert read(FORMATS / "thin_3x97.png").items[0].shape == (3, 97, 3)
    for name in ("not_an_image.jpg", "truncated.jpg"):
        assert name in error_of(FORMATS / name)


@needs_formats
def test_exif_files_of_the_collection():
    """Their stored pixels are the same; the tag alone differs."""
    stored = pixels(Image.open(FORMATS / "exif1.jpg"))
    for orientation in range(1, 9):
        path = FORMATS / f"exif{orientation}.jpg"
        with Image.open(path) as opened:
            assert torch.equal(pixels(opened), stored)
            expected = pixels(ImageOps.exif_transpose(opened))
        assert torch.equal(read(path).items[0], expected)
