"""The command line on facts: list and show, what they print, and that no torch is needed."""

import json
import subprocess
import sys

import pytest
from command_line import OFFICIAL, ROOT, plain_cli  # noqa: F401
from tiny import CARD

import zoo

HEAVY = ("torch", "diffusers", "huggingface_hub", "safetensors", "PIL", "numpy", "tqdm")


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "flextok-*", "--modality", "image", "--json"],
        ["list", "--markdown"],
        ["show", OFFICIAL],
        ["--version"],
        ["--help"],
        ["encode", "--help"],
        ["encode", OFFICIAL, "there/is/none.png", "-o", "tokens.safetensors"],
    ],
)
def test_answers_about_facts_load_nothing_heavy(words):
    code = (
        f"import sys; from zoo.cli import main; main({words!r})\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_list(cli):
    code, out, _ = cli("list")
    heading, *rows = out.splitlines()
    assert code == 0
    assert heading.split() == [
        "name",
        "modality",
        "tokens",
        "bits",
        "vocabulary",
        "weights",
        "licence",
    ]
    assert [row.split()[0] for row in rows] == zoo.list_models()
    column = heading.index("modality")  # aligned: every row has its own just below
    assert {row[column - 1 :].split()[0] for row in rows} <= {"image", "audio", "video"}
    assert {row[column - 1] for row in rows} == {" "}
    assert not any(row.endswith(" ") for row in rows)


def test_list_filters(cli):
    assert cli("list", "d18-d28-DFN".lower())[1].count("\n") == 2  # a part of the name will do
    assert cli("list", "flextok-d18-*")[1].count("\n") >= 3
    code, out, err = cli("list", "nothing-like-this")
    assert (code, out) == (0, "")
    assert "no checkpoint fits" in err
    assert json.loads(cli("list", "nothing-like-this", "--json")[1]) == {"models": []}
    assert OFFICIAL not in cli("list", "--bundled")[1]
    assert cli("list", "--modality", "smell")[0] == 2


def test_list_json_and_markdown(cli):
    models = json.loads(cli("list", "--json")[1])["models"]
    (official,) = (model for model in models if model["name"] == OFFICIAL)
    assert official["vocab_sizes"] == [64000]
    assert official["aliases"] == ["flextok"]
    assert official["bundled"] is official["open_license"] is official["pinned"] is False
    assert cli("list", "--markdown")[1].startswith("| name | modality |")


def test_show(cli):
    code, out, _ = cli("show", "flextok")  # an alias
    assert code == 0
    assert out.startswith(f"{OFFICIAL}\n")
    for fact in ("apple-amlr", "not pinned", "256: 4087", "vocabulary 64000", "arxiv.org"):
        assert fact in out
    facts = json.loads(cli("show", "flextok", "--json")[1])
    assert facts["name"] == OFFICIAL
    assert facts["prefix_bits"]["256"] == pytest.approx(4087.2, abs=0.1)
    assert facts["source"][0]["pinned"] is False


def test_show_options(cli):
    _, out, _ = cli("show", OFFICIAL, "--options")
    assert "guidance_scale" in out
    options = json.loads(cli("show", OFFICIAL, "--options", "--json")[1])["options"]
    (steps,) = (option for option in options if option["name"] == "steps")
    assert (steps["verb"], steps["kind"], steps["default"]) == ("decode", "int", 20)


AUDIO = """\
  input: {modality: audio, sample_rate: 24000, channels: 1}
  tokens:
    order: time
    vocab_sizes: {size: 1024, slots: 8}
    prefixes: {axis: slot, unit: codebooks, sizes: [2, 4, 8]}
    hop: 320
    sample_rate: 24000
"""


def test_a_codec_is_described_in_its_own_terms(cli, tmp_path, monkeypatch):
    text = CARD.format(name="codec")
    start, stop = text.index("  input:"), text.index("  dtypes:")
    (tmp_path / "codec.md").write_text(text[:start] + AUDIO + text[stop:])
    monkeypatch.setenv("ZOO_CARDS", str(tmp_path))
    _, out, _ = cli("show", "codec")
    assert "24000 Hz, mono" in out
    assert "bit/s at 2: 1500, 4: 3000, 8: 6000" in out
    assert "1024 x 8" in cli("list", "codec")[1]
