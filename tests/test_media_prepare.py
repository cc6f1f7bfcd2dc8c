"""To the model's size: against torchvision, ADM and LLaVA."""

import pickle

import numpy as np
import pytest
import torch
from image_noise import SIZES, noise
from PIL import Image
from samples import picture
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from zoo.errors import MediaError
from zoo.media import ImagePrepare, Media, restore_image
from zoo.media.prepare import DECODERS
from zoo.tokens.origin import Origin

MODES = {
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
    "lanczos": InterpolationMode.LANCZOS,
}


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interpolation", MODES)
def test_crop_equals_torchvision(size: tuple[int, int], interpolation: str):
    image = noise(*size)
    for side in (64, 57):
        resize = Resize(side, interpolation=MODES[interpolation])
        expected = Compose([resize, CenterCrop(side)])(image)
        prepared = ImagePrepare((side, side), "crop", interpolation)(image)
        assert prepared.tensor.dtype == torch.uint8
        assert prepared.tensor.is_contiguous()
        assert torch.equal(prepared.tensor, pixels(expected))


@pytest.mark.parametrize("size", SIZES)
def test_squash_equals_torchvision(size: tuple[int, int]):
    image = noise(*size)
    expected = Resize((48, 64), interpolation=MODES["bicubic"])(image)
    prepared = ImagePrepare((48, 64), "squash", "bicubic")(image)
    assert torch.equal(prepared.tensor, pixels(expected))
    assert prepared.origin == Origin(size=size, rect=(0, 0, *size))


def adm_reference(image: Image.Image, side: int) -> Image.Image:
    while min(image.size) >= 2 * side:
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
    scale = side / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


@pytest.mark.parametrize("size", SIZES)
def test_adm_crop(size: tuple[int, int]):
    image = noise(*size)
    prepared = ImagePrepare((64, 64), "adm-crop")(image)
    assert torch.equal(prepared.tensor, pixels(adm_reference(image, 64)))
    if size == (301, 203):  # 95 rows after scaling, of which 15 are cut off above
        assert prepared.origin.rect == (round(15 * 301 / 95), 0, 202, 203)


def llava_reference(image: Image.Image, side: int) -> Image.Image:
    long = max(image.size)
    square = Image.new("RGB", (long, long), (127, 127, 127))
    square.paste(image, ((long - image.width) // 2, (long - image.height) // 2))
    return square.resize((side, side), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", SIZES)
def test_pad_keeps_everything_on_grey(size: tuple[int, int]):
    image = noise(*size)
    prepared = ImagePrepare((64, 64), "pad")(image)
    assert torch.equal(prepared.tensor, pixels(llava_reference(image, 64)))
    assert prepared.origin.rect == (0, 0, *size)
    if size != (64, 64):
        assert prepared.origin.canvas is not None
        height, width, top, left = prepared.origin.canvas
        assert max(height, width) == 64
        half = 1 + 32 / max(size)  # the canvas can be centred to half an original pixel
        assert abs(top - (64 - height) / 2) <= half
        assert abs(left - (64 - width) / 2) <= half


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("target", [(32, 64), (64, 32), (45, 47)])
def test_sizes_that_are_not_square(size: tuple[int, int], target: tuple[int, int]):
    image = noise(*size)
    for fit in ("crop", "pad"):
        tensor, origin = ImagePrepare(target, fit)(image)
        assert tensor.shape == (3, *target)
        assert origin.rect is not None
        if fit == "crop" and min(size) > 50:  # the rectangle has the target's proportions
            assert origin.rect[2] / origin.rect[3] == pytest.approx(target[0] / target[1], rel=0.03)


def test_the_rectangle_of_a_crop_is_where_the_picture_came_from():
    prepared = ImagePrepare((64, 64))(noise(100, 300))
    assert prepared.origin == Origin(size=(100, 300), rect=(0, 100, 100, 100))
    assert ImagePrepare((64, 64))(noise(97, 3)).origin.rect == (47, 0, 3, 3)
    assert ImagePrepare((64, 64))(noise(1, 1)).origin.rect == (0, 0, 1, 1)


@pytest.mark.parametrize("fit", ["crop", "pad", "squash", "adm-crop"])
def test_media_of_the_models_size_pass_untouched(fit: str):
    image = torch.rand(3, 64, 64)
    tensor, origin = ImagePrepare((64, 64), fit)(image)
    assert torch.equal(tensor, image)
    assert origin == Origin(size=(64, 64), rect=(0, 0, 64, 64))


@pytest.mark.parametrize("fit", ["crop", "pad", "squash", "adm-crop"])
def test_floats_are_rounded_to_8_bits_before_resizing(fit: str):
    image = noise(70, 90)
    floats = pixels(image).float() / 255
    prepare = ImagePrepare((64, 64), fit)
    if fit != "pad":
        assert torch.equal(prepare(floats).tensor, prepare(image).tensor)
    assert torch.equal(prepare(floats + 0.001 * (floats < 0.9)).tensor, prepare(floats).tensor)
    cut = ImagePrepare((64, 90))(floats).tensor  # cutting alone changes no pixel: no rounding
    assert torch.equal(cut, floats[:, 3:67])


@pytest.mark.parametrize("size", [(1, 20000), (20000, 1), (2, 30001)])
def test_strips_do_not_need_the_memory_of_the_whole(size: tuple[int, int]):
    image = Image.fromarray(np.tile(np.arange(max(size), dtype=np.uint8), (min(size), 1)))
    image = image if size[0] < size[1] else image.transpose(Image.Transpose.ROTATE_90)
    for fit in ("crop", "adm-crop", "pad"):
        tensor, origin = ImagePrepare((256, 256), fit)(image)
        assert tensor.shape == (3, 256, 256)
        assert restore_image(tensor / 255, origin).shape[1:] == (origin.rect or ())[2:]


def test_the_window_of_a_strip_is_the_one_of_the_whole(monkeypatch: pytest.MonkeyPatch):
    for size in ((5, 301), (301, 5), (3, 97), (200, 77)):
        # Smooth, as pictures are: the order in which Pillow resizes the axes shows in noise.
        image, prepare = picture(*size, seed=0), ImagePrepare((64, 64), "crop", "bicubic")
        whole = prepare(image)
        monkeypatch.setattr("zoo.media.fits._WHOLE", 0)
        window = prepare(image)
        monkeypatch.undo()
        assert (whole.tensor.int() - window.tensor.int()).abs().max() <= 2
        assert whole.origin == window.origin


def test_options_of_a_call_and_mistakes():
    prepare = pickle.loads(pickle.dumps(ImagePrepare((32, 32), "squash", "bilinear")))
    assert prepare == ImagePrepare((32, 32), "squash", "bilinear")
    image = noise(50, 80)
    expected = ImagePrepare((32, 32), "crop", "lanczos")(image)
    assert torch.equal(prepare(image, fit="crop", interpolation="lanczos").tensor, expected.tensor)
    with pytest.raises(MediaError, match="fit is 'stretch'; expected one of: crop, pad"):
        prepare(image, fit="stretch")
    with pytest.raises(MediaError, match="interpolation is 'nearest'; expected one of: bilinear"):
        ImagePrepare((32, 32), interpolation="nearest")
    with pytest.raises(MediaError, match="square sizes, not"):
        ImagePrepare((32, 48), "adm-crop")
    with pytest.raises(MediaError, match="at least 1"):
        ImagePrepare((0, 48))
    with pytest.raises(MediaError, match="one image at a time, got 2"):
        prepare([image, image])
    assert prepare(np.zeros((3, 50, 3), np.uint8), layout="hwc").origin.size == (3, 50)


def test_prepare_takes_all_that_encode_takes():
    image = noise(40, 50)
    prepare = ImagePrepare((32, 32))
    expected = prepare(image).tensor
    for source in (pixels(image), np.array(image), Media("image", [pixels(image)])):
        assert torch.equal(prepare(source).tensor, expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("fit", ["crop", "adm-crop", "squash", "pad"])
def test_torchvision_is_within_two_levels_of_pillow(mode, fit, tmp_path):
    picture(300, 220, 5).convert(mode).save(tmp_path / "a.jpg", exif=turned(6))
    for kind in ("bilinear", "bicubic", "lanczos"):
        prepare = ImagePrepare((96, 96), fit, kind)
        slow, fast = (prepare(tmp_path / "a.jpg", decoder=name) for name in DECODERS)
        assert fast.origin == slow.origin
        assert fast.tensor.dtype == torch.uint8
        assert (fast.tensor.int() - slow.tensor.int()).abs().max() <= 2


def test_torchvision_names_a_cut_off_picture(tmp_path):
    picture(300, 220, 5).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    with pytest.raises(MediaError):
        ImagePrepare((32, 32))(content[: len(content) // 2], decoder="torchvision")
    with pytest.raises(MediaError):
        ImagePrepare((32, 32))(b"no picture at all", decoder="torchvision")
    array = np.zeros((32, 32, 3), np.uint8)
    assert not ImagePrepare((32, 32))(array, decoder="torchvision").tensor.any()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif
