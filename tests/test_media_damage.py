"""Image files that are broken, closed to us or too large."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from image_reading import error_of, pixels, smooth
from PIL import Image, ImageFile

from zoo.errors import MediaError
from zoo.media import read


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
