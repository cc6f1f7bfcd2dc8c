"""encode, decode and reconstruct of sound on the command line, with a tiny codec."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import Cli, in_this_process
from PIL import Image
from samples import sound, video
from sound_reading import sine, through_ffmpeg

import zoo
from zoo.commands import reconstruct
from zoo.loading import load_random
from zoo.media.sample import sample_sound
from zoo.media.si_sdr import si_sdr
from zoo.tokens import Tokens
from zoo.weights import save_checkpoint

CARD = Path(__file__).parent / "cards" / "test-codec.md"
NAME = "test-codec"


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny codec's card and random weights."""
    folder = tmp_path_factory.mktemp("cards")
    shutil.copy(CARD, folder)
    save_checkpoint(load_random(CARD).module, folder / "model.safetensors", {})
    return folder


@pytest.fixture
def cli(
    cards: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """``zoo`` in a folder with two recordings of different rates and lengths."""
    monkeypatch.setenv("ZOO_CARDS", str(cards))
    monkeypatch.setitem(reconstruct.DEFAULT_MODELS, "audio", NAME)
    monkeypatch.chdir(tmp_path)
    soundfile.write("talk.wav", *sound(3000, 8000, 0))
    soundfile.write("song.flac", *sound(5001, 16000, 1))
    return in_this_process(capsys)


def test_encode_and_decode(cli: Cli) -> None:
    code, out, err = cli("encode", NAME, "song.flac", "talk.wav", "-o", "t.safetensors")
    assert (code, err) == (0, "")
    assert out.startswith("2 items, 252..300 ids each")
    tok = zoo.load(NAME)
    tokens = Tokens.load("t.safetensors")
    assert tokens == tok.encode(["song.flac", "talk.wav"])
    code, out, err = cli("decode", NAME, "t.safetensors", "-o", "out", "--prefix", 2)
    assert (code, err) == (0, "")
    assert out == "2 items: out/0000.wav out/0001.wav\n"
    written = zoo.read("out/0001.wav")
    expected = tok.decode(tokens.prefix(2))[1]
    assert written.rate == 8000
    assert written.tensor.shape == expected.tensor.shape == (1, 1, 3000)
    assert (written.tensor - expected.tensor).abs().max() <= 2**-15


def test_decode_at_the_rate_of_the_input(cli: Cli) -> None:
    assert cli("encode", NAME, "song.flac", "talk.wav", "-o", "t.safetensors")[0] == 0
    code, _, err = cli("decode", NAME, "t.safetensors", "-o", "out", "--rate", "input")
    assert (code, err) == (0, "")
    tokens = Tokens.load("t.safetensors")
    for name, expected in zip(
        ("0000", "0001"), zoo.load(NAME).decode(tokens, rate="input"), strict=True
    ):
        written = zoo.read(f"out/{name}.wav")
        assert written.rate == expected.rate == {"0000": 16000, "0001": 8000}[name]
        assert written.tensor.shape == expected.tensor.shape
        assert (written.tensor - expected.tensor).abs().max() <= 2**-15
    assert zoo.read("out/0000.wav").tensor.shape == zoo.read("song.flac").tensor.shape


def test_reconstruct_writes_wavs_and_a_picture(cli: Cli) -> None:
    code, out, err = cli("reconstruct", "talk.wav", "--prefix", "1,4", "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert (facts["model"], facts["output"]) == (NAME, "reconstruction.png")
    (found,) = facts["sounds"]
    tok = zoo.load(NAME)
    tokens = tok.encode("talk.wav")
    for one in found["reconstructions"]:
        decoded = tok.decode(tokens.prefix(one["prefix"]))
        assert one["tokens"] == 75 * one["prefix"]
        assert one["bits_per_second"] == pytest.approx(6 * one["tokens"] * 8000 / 3000)
        assert one["si_sdr"] == pytest.approx(
            si_sdr(tok.view("talk.wav").items[0], decoded.items[0])
        )
        assert one["output"] == f"reconstruction-talk-{one['prefix']}.wav"
        assert (zoo.read(one["output"]).tensor - decoded.tensor).abs().max() <= 2**-15
    with Image.open("reconstruction.png") as picture:
        assert picture.height > 192
        assert np.asarray(picture.convert("RGB")).std() > 10


def test_reconstruct_several_in_one_picture(cli: Cli) -> None:
    Path("more").mkdir()
    shutil.copy("talk.wav", "more")
    code, out, _ = cli("reconstruct", "talk.wav", "more", "--prefix", "2,2", "-o", "g.png")
    assert code == 0
    heading, *rows, last = out.splitlines()
    assert heading.split() == ["sound", "tokens", "kbit/s", "SI-SDR"]
    assert [row.split()[-1] for row in rows] == ["g-talk-0-2.wav", "g-talk-1-2.wav"]
    assert last.startswith("g.png: ")
    shutil.copy("song.flac", "talk-1.flac")
    code, out, _ = cli("reconstruct", "talk.wav", "more", "talk-1.flac", "--prefix", 2)
    written = [row.split()[-1] for row in out.splitlines()[1:-1]]
    assert written == [f"reconstruction-{name}-2.wav" for name in ("talk-0", "talk-1", "talk-1-2")]
    assert len(zoo.read(written[1]).items[0][0]) == 3000  # not the song


def test_a_webm_counts_as_a_sound_if_it_has_one(cli: Cli) -> None:
    Path("mixed").mkdir()
    shutil.copy("talk.wav", "mixed")
    Path("mixed/talk.webm").write_bytes(through_ffmpeg(sine(4800, 48000), 48000, "webm", "libopus"))
    Path("mixed/cut.webm").write_bytes(Path("mixed/talk.webm").read_bytes()[:-9])
    zoo.Media("video", [video(5, 40, 30, 1)], fps=10).save("mixed/silent.webm")
    code, _, err = cli("encode", NAME, "mixed", "-o", "t.safetensors")
    assert code == 1
    assert "cut.webm): the file is cut short" in err
    Path("mixed/cut.webm").unlink()
    assert cli("encode", NAME, "mixed", "-o", "t.safetensors")[0] == 0
    expected = zoo.load(NAME).encode(["mixed/talk.wav", "mixed/talk.webm"])
    assert Tokens.load("t.safetensors") == expected
    Path("mixed/talk.wav").unlink()
    code, _, err = cli("reconstruct", "mixed", "-o", "g.png")
    assert (code, "silent.webm looks like video" in err, "--model" in err) == (1, True, True)
    assert cli("reconstruct", "mixed", "--model", NAME, "--prefix", 1, "-o", "g.png")[0] == 0


def test_reconstruct_without_a_sound(cli: Cli) -> None:
    code, out, _ = cli("reconstruct", "--model", NAME, "-o", "g.png")
    assert code == 0
    assert [row.split()[0] for row in out.splitlines()[1:-1]] == ["example"] * 4
    voice, rate = sample_sound()
    assert zoo.read("g-example-4.wav").tensor.shape[-1] == round(len(voice) * 8000 / rate)


def test_a_sound_that_cannot_be_read_leaves_nothing_of_the_others(cli: Cli) -> None:
    Path("cut.flac").write_bytes(Path("song.flac").read_bytes()[:-99])
    before = sorted(Path().iterdir())
    code, _, err = cli("reconstruct", "talk.wav", "cut.flac", "--prefix", 1)
    assert (code, "cut.flac" in err) == (1, True)
    assert sorted(Path().iterdir()) == before


def test_the_shortest_and_a_silent_sound_are_shown(cli: Cli) -> None:
    soundfile.write("one.wav", [0.5], 8000)
    soundfile.write("silent.wav", np.zeros(900), 8000)
    code, out, _ = cli("reconstruct", "one.wav", "silent.wav", "--prefix", 1, "-o", "g.png")
    assert code == 0
    assert [row.split()[-2] for row in out.splitlines()[1:-1]] == ["-", "-"]  # SI-SDR of nothing
    assert [len(zoo.read(f"g-{name}-1.wav").items[0][0]) for name in ("one", "silent")] == [1, 900]


def test_what_reconstruct_refuses(cli: Cli) -> None:
    shutil.copy("talk.wav", "g-talk-1.wav")
    for words, wrong in (
        (["talk.wav", "--prefix", "1,5"], "5"),
        (["talk.wav", "g-talk-1.wav", "--prefix", 1], "is an input"),
        (["talk.wav", "--option", "steps=2"], "steps"),
        (["none.wav", "--model", NAME], "none.wav"),
        (["talk.wav", "-o", "g.wav"], "'.wav'"),
    ):
        code, _, err = cli("reconstruct", *words, *([] if "-o" in words else ["-o", "g.png"]))
        assert code == 1
        assert wrong in err
    assert not Path("g.png").exists()


def test_the_voice_is_always_the_same() -> None:
    voice, rate = sample_sound()
    again, _ = sample_sound()
    assert np.array_equal(voice, again)
    assert 1 < len(voice) / rate < 3
    assert 0.5 < np.abs(voice).max() <= 1
    loud = np.square(voice[: len(voice) // 100 * 100].reshape(100, -1)).mean(1)
    assert loud.min() < 1e-8 < 1e-3 < loud.max()  # silence, and speech
