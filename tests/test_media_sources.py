"""What is accepted as an image, and what each thing that is not one is told."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo.errors import MediaError
from zoo.media import Media, Source, read, sources
from zoo.media.kinds import guess

RNG = np.random.default_rng(0)


def picture(height: int = 13, width: int = 17, channels: int = 3) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, channels), dtype=np.uint8)


def chw(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array).permute(2, 0, 1)


def encoded(array: np.ndarray, format: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, format)
    return stream.getvalue()


def the_error(media: object, layout: str | None = None) -> str:
    with pytest.raises(MediaError) as caught:
        read(media, "image", layout=layout)
    return str(caught.value)


def test_every_kind_of_source_gives_the_same_picture(tmp_path: Path):
    array = picture()
    path = tmp_path / "cat.png"
    path.write_bytes(encoded(array))
    kinds = [
        path,
        str(path),
        path.read_bytes(),
        bytearray(path.read_bytes()),
        io.BytesIO(path.read_bytes()),
        Image.fromarray(array),
        array,
        chw(array),
        Media("image", [chw(array)]),
        array[None],
        array[::-1][::-1],  # negative strides
    ]
    with path.open("rb") as stream:
        kinds.append(stream)
        media = read(kinds, "image")
    assert len(media) == len(kinds)
    for item in media.items:
        assert item.dtype == torch.uint8
        assert torch.equal(item, chw(array))


def test_read_guesses_images_by_suffix_and_by_first_bytes(tmp_path: Path):
    (tmp_path / "a.JPG").write_bytes(encoded(picture(), format="JPEG"))
    (tmp_path / "nameless").write_bytes(encoded(picture()))
    assert zoo.read(tmp_path / "a.JPG").modality == "image"
    assert zoo.read(tmp_path / "nameless").modality == "image"
    assert zoo.read(encoded(picture(), format="WEBP")).modality == "image"
    assert zoo.read(Image.fromarray(picture())).modality == "image"
    with pytest.raises(MediaError, match=r"ndarray \[3, 5, 5\]: cannot tell .* pass modality="):
        zoo.read(np.zeros((3, 5, 5), np.uint8))


def test_modalities_are_told_by_suffix_content_and_shape(tmp_path: Path):
    for value in ("c.mp4", "d.mkv", b"RIFF\x00\x00\x00\x00AVI " + bytes(30)):
        assert guess(value) == "video"
    for frames in ([np.zeros((4, 4, 3), np.uint8)], np.zeros((2, 4, 4, 3), np.uint8)):
        assert guess((frames, 25)) == "video"
    assert guess((np.zeros((2, 9)), 8000)) == "audio"
    with pytest.raises(MediaError, match="'smell'; expected one of: image"):
        read("x", "smell")
    sound = tmp_path / "song.wav"
    sound.write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(40))
    assert the_error(sound) == f"{sound}: not an image that Pillow can read (it looks like audio)"


def test_lists_flatten_and_errors_name_the_item(tmp_path: Path):
    array = picture()
    batch = np.stack([array, array])
    assert len(read([batch, (array, [array])], "image")) == 4
    assert len(read(Media("image", torch.zeros(3, 3, 4, 4)))) == 3
    broken = tmp_path / "cat.jpg"
    broken.write_text("not a picture")
    assert the_error([array, array, broken, array, array]) == (
        f"item 3 of 5 ({broken}): not an image that Pillow can read"
    )
    assert the_error([array, array.astype(int)]).startswith("item 2 of 2 (ndarray [13, 17, 3]): ")
    assert "an empty list" in the_error([])
    assert "an empty batch" in the_error(np.zeros((0, 3, 4, 4), np.uint8))
    with pytest.raises(MediaError, match="one modality"):
        read([Image.fromarray(array), "a.wav"])


def test_sources_decode_nothing_and_can_be_sent_to_a_worker(tmp_path: Path):
    found = sources([tmp_path / "missing.png", picture()], "image", layout="hwc")
    assert [source.label for source in found] == [
        f"item 1 of 2 ({tmp_path / 'missing.png'})",
        "item 2 of 2 (ndarray [13, 17, 3])",
    ]
    again: Source = pickle.loads(pickle.dumps(found[1]))
    assert again.load().items[0].shape == (3, 13, 17)
    with pytest.raises(MediaError, match="item 1 of 2 .*missing.png.: no such file"):
        found[0].load()


@pytest.mark.parametrize(
    ("shape", "layout", "size"),
    [
        ((5, 7), None, (5, 7)),
        ((3, 5, 7), None, (5, 7)),
        ((5, 7, 3), None, (5, 7)),
        ((1, 5, 7), None, (5, 7)),
        ((5, 7, 1), None, (5, 7)),
        ((4, 5, 7), None, (5, 7)),
        ((1, 1), None, (1, 1)),
        ((3, 6, 3), "chw", (6, 3)),
        ((3, 6, 3), "hwc", (3, 6)),
        ((1, 1, 3), "hwc", (1, 1)),
    ],
)
def test_layouts(shape: tuple[int, ...], layout: str | None, size: tuple[int, int]):
    image = read(np.zeros(shape, np.uint8), "image", layout=layout).items[0]
    assert image.shape == (3, *size)


def test_an_ambiguous_or_impossible_layout_says_what_to_pass():
    assert 'pass layout="chw" or layout="hwc"' in the_error(np.zeros((3, 6, 3), np.uint8))
    assert "no channel axis" in the_error(torch.zeros(8, 32, 32))
    assert "with layout='hwc'" in the_error(torch.zeros(3, 32, 32), layout="hwc")
    assert "'cwh'; expected" in the_error(torch.zeros(3, 32, 32), layout="cwh")
    assert "2 axes (grey) or 3" in the_error(np.zeros(9, np.uint8))
    assert "2 axes (grey) or 3" in the_error(np.zeros((2, 2, 3, 9, 9), np.uint8))
    assert "empty image" in the_error(np.zeros((0, 5, 3), np.uint8))
    assert "empty image" in the_error(Image.new("RGB", (0, 4)))


@pytest.mark.parametrize(
    ("image", "part"),
    [
        (torch.full((3, 4, 5), 200.0), "from 200 to 200; expected 0..1 (divide by 255)"),
        (torch.full((3, 4, 5), 40000.0), "divide by 65535"),
        (torch.linspace(-1, 1, 60).reshape(3, 4, 5), "is it -1..1? then (x + 1) / 2"),
        (torch.full((3, 4, 5), -200.0), "scale them to 0..1"),
        (torch.full((3, 4, 5), torch.nan), "NaN or infinite"),
        (torch.full((3, 4, 5), torch.inf), "NaN or infinite"),
        (np.zeros((4, 5), np.int64), "values of type int64 have no known range"),
        (np.zeros((4, 5), bool), "255 * mask"),
        (np.zeros((4, 5), complex), "dtype complex128"),
        (np.array([["a"]]), "dtype <U1"),
        (torch.eye(4).to_sparse(), "to_dense"),
        (7, "int is not an image; expected a path"),
        (None, "NoneType is not an image"),
    ],
)
def test_values_that_are_no_image(image: object, part: str):
    assert part in the_error(image)


def test_floats_stay_float32_and_rounding_is_forgiven():
    image = torch.linspace(0, 1, 60).reshape(3, 4, 5)
    for given in (
        image,
        image.double().requires_grad_(),
        image.numpy(),
        image.numpy().astype(">f4"),
    ):
        item = read(given, "image").items[0]
        assert item.dtype == torch.float32
        assert torch.equal(item, image)
    nearly = read(image * 1.0005, "image").items[0]
    assert float(nearly.max()) == 1.0
    assert read(image.half(), "image").items[0].dtype == torch.float32


def test_sixteen_bits_and_alpha_in_arrays():
    deep = np.array([[0, 128, 129, 257, 65535 - 128, 65535]], np.uint16)
    expected = torch.tensor([0, 0, 1, 1, 255, 255], dtype=torch.uint8)
    for given in (deep, deep.astype(">u2"), torch.from_numpy(deep)):
        assert torch.equal(read(given, "image").items[0][0, 0], expected)
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    rgba[0, 1] = (10, 20, 30, 0)
    rgba[0, 2] = (0, 0, 0, 128)
    first = read(rgba, "image", layout="hwc").items[0][:, 0]
    assert first.T.tolist() == [[10, 20, 30], [255, 255, 255], [127, 127, 127]]
    floats = read(rgba.astype(np.float32) / 255, "image", layout="hwc").tensor[0, :, 0]
    assert torch.allclose(floats, first.float() / 255, atol=2e-3)


def test_an_item_does_not_share_memory_with_what_was_passed():
    array, tensor = picture(), torch.zeros(3, 4, 5)
    media = read([array, tensor], "image")
    array[:] = 0
    tensor += 1
    assert media.items[0].any()
    assert not media.items[1].any()


def test_media_of_another_modality_or_range_is_refused():
    loud = Media("image", torch.full((1, 3, 4, 4), 7.0))
    assert "from 7 to 7" in the_error(loud)
    with pytest.raises(MediaError, match="an image item has shape"):
        Media("image", [torch.zeros(4, 4)])
    with pytest.raises(MediaError, match="uint8 or float"):
        Media("image", [torch.zeros(3, 4, 4, dtype=torch.int64)])
