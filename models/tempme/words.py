"""Texts to the byte pairs of CLIP's vocabulary.

Source: ``tokenization_clip.py`` and ``_get_text`` of LunarShen/TempMe e624930.
"""

import html
from collections.abc import Sequence
from pathlib import Path

import torch
from ftfy import fix_text
from tokenizers import Tokenizer
from torch import Tensor

from zoo.errors import CheckpointCorruptError

BEGIN, END = "<|startoftext|>", "<|endoftext|>"


class Words:
    """A vocabulary, from the ``tokenizer.json`` that lies beside transformers' CLIP."""

    def __init__(self, path: Path) -> None:
        try:
            self.pairs = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more special
            raise CheckpointCorruptError(f"{path} is no tokenizer.json: {error}") from None
        marks = [self.pairs.token_to_id(mark) for mark in (BEGIN, END)]
        if None in marks:
            raise CheckpointCorruptError(f"{path} has no {BEGIN} and {END}: not CLIP's vocabulary")
        self.begin, self.end = marks

    def __call__(self, texts: Sequence[str], longest: int) -> tuple[Tensor, Tensor]:
        """int64 [text, word] padded with 0, and a mask of where there is one.

        A long text keeps its first byte pairs; ``longest`` counts its two marks.
        """
        found = self.pairs.encode_batch([*map(cleaned, texts)], add_special_tokens=False)
        rows = [[self.begin, *one.ids[: longest - 2], self.end] for one in found]
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, numbers in enumerate(rows):
            ids[row, : len(numbers)] = torch.tensor(numbers)
            mask[row, : len(numbers)] = 1
        return ids, mask


def cleaned(text: str) -> str:
    """Encoding, quotes and entities repaired, white space made single, lower case."""
    return " ".join(html.unescape(html.unescape(fix_text(text))).split()).lower()
