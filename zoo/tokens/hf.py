"""Ids as special tokens of a Hugging Face text tokenizer."""

from dataclasses import dataclass
from typing import Any

from ..errors import TokenError
from .spec import TokenSpec


@dataclass(frozen=True)
class TextStyle:
    """How a family writes its ids in text, so that a language model of upstream's reads them.

    ``pattern`` is a format of ``number``; ``begin`` and ``end`` go around an item.
    """

    pattern: str
    begin: str | None = None
    end: str | None = None


def add_to_text_tokenizer(
    text_tokenizer: Any,
    spec: TokenSpec,
    name: str,
    *,
    per_slot: bool = True,
    pattern: str | None = None,
) -> int:
    """Add one special token per id and return ``offset``, to give to :meth:`Tokens.ids`.

    The texts are ``<name_00000>``, ``<name_00001>``, ... in the order of the ids, numbered over
    all slots with ``per_slot``, else over the largest vocabulary; ``pattern``, a format of
    ``number``, writes them in another way. Texts that are there already, all of them in a row, are
    left and their offset is returned, so that a saved text tokenizer can be given again. Afterwards
    the language model needs ``resize_token_embeddings``.

    TokenError where only some are there, or where the text tokenizer does not number them in a row.

    >>> offset = add_to_text_tokenizer(text_tokenizer, tok.spec, "img")   # doctest: +SKIP
    >>> text_tokenizer.decode(tokens.ids(offset=offset)[0])               # doctest: +SKIP
    '<img_00512><img_07111>...'
    """
    count = sum(spec.vocab_sizes) if per_slot else max(spec.vocab_sizes)
    digits = max(5, len(str(count - 1)))
    form = pattern or f"<{name}_{{number:0{digits}}}>"
    texts = [form.format(number=number) for number in range(count)]
    vocabulary = text_tokenizer.get_vocab()
    there = sum(text in vocabulary for text in texts)
    if 0 < there < count:
        raise TokenError(
            f"{there} of the {count} texts {texts[0]}..{texts[-1]} are in the text tokenizer "
            "already; choose another name"
        )
    if not there:
        text_tokenizer.add_tokens(texts, special_tokens=True)
        vocabulary = text_tokenizer.get_vocab()
    numbers = [vocabulary.get(text) for text in texts]
    offset = numbers[0]
    if offset is None or numbers != list(range(offset, offset + count)):
        raise TokenError(
            f"the text tokenizer does not number {texts[0]}..{texts[-1]} in a row; add them to a "
            "fresh one"
        )
    return offset


def text_layout(text_tokenizer: Any, spec: TokenSpec, style: TextStyle) -> dict[str, int]:
    """Add ids and marks in a family's own style; what :meth:`Tokens.ids` takes to write them.

    ``begin`` and ``end`` stand before the ids in the vocabulary where they are new.

    TokenError as :func:`add_to_text_tokenizer`.
    """
    marks = {"begin": style.begin, "end": style.end}
    texts = [text for text in marks.values() if text is not None]
    text_tokenizer.add_tokens(texts, special_tokens=True)
    offset = add_to_text_tokenizer(text_tokenizer, spec, "", pattern=style.pattern)
    vocabulary = text_tokenizer.get_vocab()
    found = {name: vocabulary[text] for name, text in marks.items() if text is not None}
    return {"offset": offset, **found}
