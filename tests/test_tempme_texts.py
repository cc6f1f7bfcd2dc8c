"""Texts beside TempMe's videos: their words, their features, which text fits which video."""

from pathlib import Path

import pytest
import torch
from tempme_built import spread, tempme_folder, trained_tempme  # noqa: F401

from zoo.errors import CheckpointCorruptError, NotSupportedError
from zoo.loading import load_random
from zoo.models.tempme.tokenizer import TempMe
from zoo.models.tempme.words import Words


def test_texts_become_words_as_upstream_cuts_them(folder: Path) -> None:
    words = Words(folder / "tokenizer.json")
    pairs = words.pairs.get_vocab()
    ids, mask = words(["Cat", "  a &amp;amp; ｃat\n", "one by one by one", ""], longest=8)
    assert ids[0].tolist() == [262, pairs["cat</w>"], 263, 0, 0, 0, 0, 0]
    amp = [pairs["a</w>"], pairs["&</w>"], pairs["cat</w>"]]
    assert ids[1].tolist() == [262, *amp, 263, 0, 0, 0]
    assert ids[2, -1] == 263  # cut to six byte pairs between the marks
    assert ids[3].tolist() == [262, 263] + [0] * 6
    assert torch.equal(mask.sum(1), torch.tensor([3, 5, 8, 2]))
    (folder / "broken.json").write_text("{}")
    with pytest.raises(CheckpointCorruptError, match=r"broken\.json is no tokenizer"):
        Words(folder / "broken.json")


def test_similarity_ranks_texts_and_videos(tok: TempMe) -> None:
    media, texts = spread(), ["a cat", "one", "cat cat cat"]
    found = tok.similarity(media, texts)
    assert found.shape == (3, 2)
    assert tok.module.text is not None
    scale = tok.module.log_scale.exp()
    vectors, words = tok.features(media, "video").tensor[:, 0], tok.text_features(texts)
    cosines = torch.nn.functional.cosine_similarity(words[:, None], vectors[None], dim=-1)
    torch.testing.assert_close(found, cosines * scale)
    torch.testing.assert_close(tok.similarity(vectors, words), found)
    torch.testing.assert_close(tok.similarity(media[0], "one"), found[1:2, :1])
    with pytest.raises(NotSupportedError, match="expected one or more strings"):
        tok.similarity(media, [])
    with pytest.raises(NotSupportedError, match="expected one or more strings"):
        tok.text_features([1, 2])


def test_without_a_text_transformer_there_is_no_similarity(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "bare.md"
    text = (folder / "best.md").read_text()
    start, stop = text.index("    retrieval:"), text.index("  input:")
    card.write_text(text[:start] + text[stop:])
    tok = load_random(card)
    assert isinstance(tok, TempMe)
    with pytest.raises(NotSupportedError, match="text transformer"):
        tok.similarity(spread(), "one")
    assert tok.features(spread(), "video").tensor.shape == (2, 1, 32)
