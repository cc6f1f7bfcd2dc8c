"""Ids as special tokens of a Hugging Face text tokenizer."""

from typing import Any

from ..errors import TokenError
from .spec import TokenSpec


def add_to_text_tokenizer(
    text_tokenizer: Any, spec: TokenSpec, name: str, *, per_slot: bool = True
) -> int:
    """Add one special token per id and return ``offset``, to give to :meth:`Tokens.ids`.

    The texts are ``<name_00000>``, ``<name_00001>``, ... in the order of the ids, numbered over
    all slots with ``per_slot``, else over the largest vocabulary. Texts that are there already, all
    of them in a row, are left and their offset is returned, so that a saved text tokenizer can be
    given again. Afterwards the language model needs ``resize_token_embeddings``.

    TokenError where only some are there, or where the text tokenizer does not number them in a row.

    >>> offset = add_to_text_tokenizer(text_tokenizer, tok.spec, "img")   # doctest: +SKIP
    >>> text_tokenizer.decode(tokens.ids(offset=offset)[0])               # doctest: +SKIP
    '<img_00512><img_07111>...'
    """
    count = sum(spec.vocab_sizes) if per_slot else max(spec.vocab_sizes)
    digits = max(5, len(str(count - 1)))
    texts = [f"<{name}_{number:0{digits}}>" for number in range(count)]
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
