"""Videos through torchcodec: the same frames where it works, plain words where it does not."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
import torch
from video_files import encoded, pictures

from zoo.errors import MediaError, NotSupportedError
from zoo.media import VideoPrepare

PREPARE = VideoPrepare((32, 48), frames=4, fps=5)


def _works() -> bool:
    """Whether torchcodec is installed and finds an FFmpeg."""
    if find_spec("torchcodec") is None:
        return False
    try:
        PREPARE(encoded(pictures(2)), decoder="torchcodec")
    except NotSupportedError:
        return False
    return True


@pytest.fixture(scope="module")
def clip() -> bytes:
    return encoded(pictures(12))


needs_torchcodec = pytest.mark.skipif(
    not _works(), reason="torchcodec is not installed, or finds no FFmpeg"
)


@needs_torchcodec
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rotation": 90},
        {"container": "webm", "codec": "libvpx-vp9"},
        {"times": [0, 0.04, 0.2, 0.24, 0.5, 0.54, 0.58, 0.9, 1.0, 1.1, 1.2, 1.3]},
    ],
)
def test_it_gives_the_frames_of_the_usual_decoder(options: dict, tmp_path: Path) -> None:
    (tmp_path / "a clip").write_bytes(encoded(pictures(12), **options))
    for source in (tmp_path / "a clip", (tmp_path / "a clip").read_bytes()):
        usual, other = PREPARE(source), PREPARE(source, decoder="torchcodec")
        assert torch.equal(usual.tensor, other.tensor)
        assert usual.origin == other.origin
        windows = zip(
            PREPARE.windows(source), PREPARE.windows(source, decoder="torchcodec"), strict=True
        )
        assert all(torch.equal(a.tensor, b.tensor) for a, b in windows)


@needs_torchcodec
def test_what_is_cut_short_is_still_an_error(clip: bytes) -> None:
    with pytest.raises(MediaError, match="cut short"):
        PREPARE(clip[:-200], decoder="torchcodec")


def test_frames_in_memory_need_no_decoder() -> None:
    frames = torch.zeros(4, 3, 32, 48, dtype=torch.uint8)
    assert torch.equal(PREPARE((frames, 5), decoder="torchcodec").tensor, frames)


def test_without_the_package_it_is_named(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchcodec", None)
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", None)
    with pytest.raises(NotSupportedError, match="pip install torchcodec"):
        PREPARE(clip, decoder="torchcodec")


def test_without_ffmpeg_that_is_named(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoder(*_: object, **__: object) -> None:
        raise RuntimeError("Could not load libtorchcodec. Likely causes: FFmpeg is not installed")

    module = ModuleType("torchcodec.decoders")
    module.VideoDecoder = decoder  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", module)
    monkeypatch.setitem(sys.modules, "torchcodec", ModuleType("torchcodec"))
    with pytest.raises(NotSupportedError, match="no FFmpeg libraries"):
        PREPARE(clip, decoder="torchcodec")


def test_decoders_that_read_differently_are_told(
    clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("torchcodec.decoders")
    module.VideoDecoder = lambda *_, **__: [None] * 11  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", module)
    monkeypatch.setitem(sys.modules, "torchcodec", ModuleType("torchcodec"))
    with pytest.raises(MediaError, match="counts 11 frames, PyAV 12"):
        PREPARE(clip, decoder="torchcodec")


def test_another_decoder_is_refused(clip: bytes) -> None:
    with pytest.raises(MediaError, match="expected one of: pyav, torchcodec"):
        PREPARE(clip, decoder="opencv")
