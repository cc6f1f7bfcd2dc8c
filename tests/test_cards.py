"""Cards: what is read, derived facts, the table."""

import pickle
import textwrap

import pytest
from card_text import SHA, TEXT, changed, line_of, parse

from zoo.cards import AudioInput, Card, VideoInput, read_card
from zoo.cards.table import insert_table, markdown_table
from zoo.errors import CardError
from zoo.registry import find, list_models


def test_facts():
    card = parse()
    assert (card.name, card.family, card.license, card.modality) == ("toy-a", "toy", "mit", "image")
    assert card.config == {"width": 64, "rate": 1e-4, "sizes": [1, 2]}
    assert card.input.std == (0.5, 0.5, 1.0)
    assert card.output.size == (32, 48)
    assert card.tokens.vocab_sizes == (512,)
    assert card.bundled
    assert card.open_license
    assert card.body == "# Toy\n\nBody.\n"
    assert card.dtypes == ("float32",)
    assert card.part("model").kind == "bundled"
    assert card.part("model").pinned
    with pytest.raises(KeyError):
        card.part("vae")


def test_card_pickles_and_renders():
    card = parse()
    assert pickle.loads(pickle.dumps(card)) == card
    facts = card.to_dict()
    assert facts["code_space"] == card.code_space
    assert facts["input"]["size"] == [32, 48]
    assert facts["source"][0]["pinned"] is True
    assert facts["modality"] == "image"
    assert "body" not in facts


def test_lines_of_keys():
    card = parse()
    assert card.at("zoo.config.rate") == f"toy-a.md:{line_of(TEXT, 'rate:')}"
    assert card.at("zoo.config.sizes[1]") == f"toy-a.md:{line_of(TEXT, 'sizes: [')}"
    assert card.at("zoo.config.none.deep") == f"toy-a.md:{line_of(TEXT, 'width:')}"


def test_names(tmp_path):
    assert parse(TEXT, "README.md", name="given").name == "given"
    assert parse(changed("schema: 1", "schema: 1\n  name: own"), "README.md").name == "own"
    (tmp_path / "README.md").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read_card(tmp_path / "README.md").name == tmp_path.name
    with pytest.raises(CardError, match="is not the file's name"):
        parse(changed("schema: 1", "schema: 1\n  name: own"))
    with pytest.raises(CardError, match="no spaces"):
        parse(path="toy a.md")
    with pytest.raises(CardError, match="cannot be read"):
        read_card(tmp_path / "none.md")
    (tmp_path / "latin.md").write_bytes(b"---\nlicense: \xe9\n---\n")
    with pytest.raises(CardError, match="cannot be read"):
        read_card(tmp_path / "latin.md")


def test_code_space_follows_what_ids_depend_on():
    space = parse().code_space
    assert space.startswith("toy:")
    assert len(space) == len("toy:") + 12
    same = [
        TEXT.replace("Body.", "Other text."),
        changed("deterministic_decode: true", "deterministic_decode: false"),
        changed("tags: [image]", "tags: [picture]"),
    ]
    other = [
        changed("id_revision: 2", "id_revision: 3"),
        changed("width: 64", "width: 65"),
        changed("vocab_sizes: [512]", "vocab_sizes: [513]"),
        TEXT.replace(SHA, SHA[::-1]),
    ]
    assert {parse(text).code_space for text in same} == {space}
    assert len({parse(text).code_space for text in [TEXT, *other]}) == 5
    decoder = f"""\
    - name: painter
      role: decode
      bundled: toy/painter.safetensors
      sha256: "{SHA[::-1]}"
      format: zoo
  config:
"""
    assert parse(changed("  config:\n", decoder)).code_space == space
    assert parse(changed("schema: 1", "schema: 1\n  space: base/2")).code_space == "base/2"


def test_unpinned_hub_checkpoints_do_not_share_a_space():
    def hub(repo: str) -> Card:
        text = changed("bundled: toy/weights/toy.safetensors", f"hub: {{repo: {repo}, file: a.pt}}")
        return parse(text.replace(f'      sha256: "{SHA}"\n', ""))

    assert hub("a/b").code_space != hub("a/c").code_space
    assert not hub("a/b").source[0].pinned
    assert not hub("a/b").bundled


def test_hub_url_and_file_parts():
    source = f"""\
    - name: vit
      role: encode
      url: https://example.org/a/vit.pth
      sha256: {SHA}
      format: original
      unwrap: [ema, model, state_dict]
    - name: rest
      role: both
      hub: {{repo: lab/toy, file: sub/model.pt, revision: {"a" * 40}, sha256: {SHA}}}
      format: original
      keys: toy_rest
    - name: painter
      role: lazy
      file: painter.safetensors
      format: diffusers
  config_from: {{part: rest, file: config.json, fields: [scale]}}
"""
    start, end = TEXT.index("    - name: model"), TEXT.index("  config:\n")
    card = parse(TEXT[:start] + source + TEXT[end:])
    vit, rest, painter = card.source
    assert (vit.kind, rest.kind, painter.kind) == ("url", "hub", "file")
    assert vit.unwrap == ("ema", "model", "state_dict")
    assert rest.sha256 == SHA
    assert rest.pinned
    assert rest.place == f"hf:lab/toy@{'a' * 40}/sub/model.pt"
    assert not painter.pinned
    assert not card.bundled
    assert card.config_from is not None
    assert card.config_from.fields == ("scale",)
    for old, new, message in [
        (f"      sha256: {SHA}\n", "", "url part needs its sha256"),
        ("https://example.org", "ftp://example.org", "http"),
        ("part: rest", "part: vit", "expected one of rest, painter"),
        ("fields: [scale]", "fields: [width]", "stands in config too"),
        ("name: rest", "name: vit", "different names"),
        ("repo: lab/toy", "repo: toy", "owner/name"),
        ("file: sub/model.pt", "file: sub/../../model.pt", "relative path"),
        ("hub: {", f"sha256: {SHA}\n      hub: {{", "stands twice"),
    ]:
        text = (TEXT[:start] + source + TEXT[end:]).replace(old, new, 1)
        with pytest.raises(CardError, match=message):
            parse(text)


def test_audio_and_video():
    start, end = TEXT.index("  input:"), TEXT.index("  tokens:")
    audio = "  input: {modality: audio, sample_rate: 24000, channels: 1}\n"
    card = parse(TEXT[:start] + audio + "  output: {sample_rate: 16000}\n" + TEXT[end:])
    assert card.input == AudioInput(24000, 1)
    assert (card.output.sample_rate, card.output.channels) == (16000, 1)
    with pytest.raises(CardError, match="unknown key 'size'"):
        parse(TEXT[:start] + audio.replace("channels: 1", "channels: 1, size: 3") + TEXT[end:])
    video = TEXT.replace("modality: image", "modality: video\n    frames: 12\n    fps: 2")
    card = parse(video)
    assert isinstance(card.input, VideoInput)
    assert (card.input.frames, card.input.fps, card.output.fps) == (12, 2.0, 2.0)


def test_model_index():
    index = textwrap.dedent("""\
        model-index:
          - name: toy-a
            results:
              - task: {type: image-reconstruction}
                dataset: {type: photos, config: 16-tokens/zoo-1, split: validation}
                metrics: [{type: psnr, value: 20.5}]
                source: {name: measured by us}
        zoo:
        """)
    card = parse(changed("zoo:\n", index))
    assert card.model_index[0]["results"][0]["metrics"][0]["value"] == 20.5
    for old, new, message in [
        ("value: 20.5", "score: 20.5", "value is missing"),
        ("value: 20.5", "value: 2e1", "as text"),
        ("dataset: {", "data: {", "dataset is missing"),
    ]:
        with pytest.raises(CardError, match=message):
            parse(changed("zoo:\n", index.replace(old, new)))


def test_table():
    text = markdown_table([parse(), parse(path="toy-b.md")])
    rows = text.splitlines()
    assert len(rows) == 4
    assert rows[2] == ("| [toy-a](model_cards/toy-a.md) | image | toy | 64 | 576 | bundled | mit |")
    begin, end = "<!-- checkpoints: begin -->", "<!-- checkpoints: end -->"
    page = insert_table(f"a\n{begin}\nold\n{end}\nb\n", text)
    assert page == f"a\n{begin}\n{text}{end}\nb\n"
    assert insert_table(page, text) == page
    with pytest.raises(CardError, match="no lines"):
        insert_table("a", text)


def test_table_cells():
    start, end = TEXT.index("  input:"), TEXT.index("  deterministic")
    audio = """\
  input: {modality: audio, sample_rate: 24000, channels: 1}
  tokens: {order: time, vocab_sizes: {size: 1024, slots: 8}, hop: 320, sample_rate: 24000}
  parameters: 14900000
"""
    row = markdown_table([parse(TEXT[:start] + audio + TEXT[end:])]).splitlines()[2]
    assert "| 75/s x 8 | 6 kbit/s | bundled, 14.9 M |" in row


def test_our_own_cards():
    cards = [find(name) for name in list_models()]
    assert {card.name for card in cards} >= {"flextok-d18-d28-dfn", "flextok-d12-d12-in1k"}
    for card in cards:
        assert card.library_name == "tokenizer-zoo"
        assert card.body.startswith(f"\n# {card.name}\n")
    assert len({card.code_space for card in cards if card.family == "flextok"}) >= 4
    assert find("flextok").name == "flextok-d18-d28-dfn"
