"""Ids in the vocabulary of a Hugging Face text tokenizer."""

import pytest
import torch
from rvq_tokens import RVQ, rvq

from zoo.errors import TokenError
from zoo.tokens import Layout, add_to_text_tokenizer, codes_from_ids
from zoo.tokens.hf import TextStyle, text_layout


def text_tokenizer():
    pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers

    plain = Tokenizer(models.WordLevel({"a": 0, "cat": 1, "[UNK]": 2}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="[UNK]")


def test_ids_of_a_text_tokenizer(tmp_path):
    text = text_tokenizer()
    text.add_tokens(["<img>", "</img>"], special_tokens=True)
    offset = add_to_text_tokenizer(text, RVQ, "snd")
    assert offset == 5
    assert len(text) == 5 + 60
    stream = rvq().ids(offset=offset, begin=3, end=4)[0].tolist()
    written = text.decode(stream)
    assert written.replace(" ", "").startswith("<img><snd_00000><snd_00012><snd_00034>")
    assert text("a cat" + written, add_special_tokens=False)["input_ids"] == [0, 1, *stream]
    assert text.decode([1, *stream], skip_special_tokens=True).strip() == "cat"
    assert add_to_text_tokenizer(text, RVQ, "snd") == offset
    assert len(text) == 5 + 60
    text.save_pretrained(tmp_path)
    again = type(text).from_pretrained(tmp_path)
    assert add_to_text_tokenizer(again, RVQ, "snd") == offset
    assert add_to_text_tokenizer(again, RVQ, "shared", per_slot=False) == 65
    assert len(again) == 65 + 30


def test_ids_that_are_there_in_part():
    text = text_tokenizer()
    text.add_tokens(["<snd_00007>"])
    with pytest.raises(TokenError, match="1 of the 60 texts"):
        add_to_text_tokenizer(text, RVQ, "snd")


def test_ids_that_are_not_in_a_row():
    text = text_tokenizer()
    text.add_tokens([f"<snd_{n:05}>" for n in reversed(range(60))])
    with pytest.raises(TokenError, match="in a row"):
        add_to_text_tokenizer(text, RVQ, "snd")


@pytest.mark.parametrize(
    ("style", "written"),
    [
        (TextStyle("<img_{number:05}>", "<img>", "</img>"), "<img><img_00000><img_00012><img_0003"),
        (TextStyle("<vq_token_{number}>"), "<vq_token_0><vq_token_12><vq_token_3"),
    ],
)
def test_a_familys_own_way_to_write_ids(style, written):
    text = text_tokenizer()
    layout = text_layout(text, RVQ, style)
    stream = rvq().ids(**layout)[0].tolist()
    assert text.decode(stream).replace(" ", "").startswith(written)
    assert text_layout(text, RVQ, style) == layout  # a saved one is given again
    codes = codes_from_ids([stream], RVQ, Layout(**layout))
    assert torch.equal(codes[0], rvq()[0].codes[0])
