"""Image files: every mode and every way to be broken."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile, ImageOps
from sample_files import NO_SAMPLES, SAMPLE_FILES
from torch.nn.functional import avg_pool2d

from zoo.errors import MediaError
from zoo.media import read

FORMATS = SAMPLE_FILES / "image-formats"
needs_formats = pytest.mark.skipif(not FORMATS.is_dir(), reason=NO_SAMPLES)


def smooth(height: int = 24, width: int = 32) -> Image.Image:
    """A picture without symmetries that survives JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 255 / width, y * 255 / height, (x + 2 * y) * 255 / (width + 2 * height)]
    return Image.fromarray(np.stack(channels, -1).astype(np.uint8))


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return float((a.float() - b.float()).abs().mean())


def error_of(source: object) -> str:
    with pytest.raises(MediaError) as caught:
        read(source, "image")
    return str(caught.value)


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


def test_files_that_cannot_be_read_name_the_path_and_the_way_out(tmp_path: Path):
    text, empty, missing = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    text.write_text("hello, I am no picture")
    empty.write_bytes(b"")
    assert error_of(text) == f"{text}: not an image that Pillow can read"
    assert error_of(empty) == f"{empty}: the file is empty (0 bytes)"
    assert error_of(missing) == f"{missing}: no such file"
    assert error_of(tmp_path) == f"{tmp_path}: a folder; pass one of its files, or a list of them"
    assert "download it" in error_of("https://example.org/a.png")
    assert "0 bytes" in error_of(b"")
    assert "null byte" in error_of("a\0.png")
    heic = bytes(4) + b"ftypheic" + bytes(20)
    assert "register_heif_opener" in error_of(heic)
    with text.open() as stream:
        assert "binary mode" in error_of(stream)
    with empty.open("rb") as stream:
        assert f"{empty}: 0 bytes" in error_of(stream)
    stream = io.BytesIO(b"x")
    stream.close()
    assert "cannot be read" in error_of(stream)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert (
        error_of(tmp_path / "a.png")
        == f"{tmp_path / 'a.png'}: cannot be opened (Permission denied)"
    )


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tif", "avif"])
def test_truncated_and_damaged_files_are_media_errors_or_pictures(tmp_path: Path, suffix: str):
    path = tmp_path / f"a.{suffix}"
    smooth().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert str(path) in error_of(path)
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 6):
            damaged[place] = rng.integers(0, 256)
        try:
            image = read(bytes(damaged), "image").items[0]
        except MediaError:
            continue
        assert image.shape[0] == 3


def test_a_closed_or_truncated_pil_image(tmp_path: Path):
    smooth().save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:-80])
    with Image.open(tmp_path / "a.jpg") as opened:
        assert f"{tmp_path / 'a.jpg'}: the image cannot be decoded" in error_of(opened)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_huge_pictures_are_refused_and_large_ones_read_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    smooth().save(tmp_path / "a.png")
    filters = list(warnings.filters)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 24 * 32 - 1)
    assert torch.equal(read(tmp_path / "a.png").items[0], pixels(smooth()))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 24 * 32 // 2 - 1)
    assert "raise PIL.Image.MAX_IMAGE_PIXELS" in error_of(tmp_path / "a.png")
    assert warnings.filters == filters


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
