"""From a name on the command line to a tokenizer: what can be wrong is told before weights load."""

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from ...cards import Card
from ...engine.options import OptionInfo
from ...errors import NotSupportedError
from ...families import family_class
from ...loading import check_place, load, read_config
from ...tokenizer import Tokenizer
from ...tokens import Tokens

Options = dict[str, dict[str, Any]]


def load_for(args: argparse.Namespace, name: str, only: str | None = None) -> Tokenizer:
    """Load ``name`` as ``--device`` and ``--dtype`` say.

    Raises:
        ZooError: as ``zoo.load``.
    """
    dtype = None if args.dtype is None else getattr(torch, args.dtype)
    check_place(args.device, dtype)
    return load(name, device=args.device, dtype=dtype, only=only)


def without_weights(card: Card) -> Tokenizer:
    """The card's tokenizer without networks: it knows options and checks, and costs nothing."""
    family = family_class(card.family)
    return family(card, read_config(card, family.stand_ins), torch.nn.Module())


def read_options(tok: Tokenizer, given: Sequence[tuple[str, str]], verbs: Iterable[str]) -> Options:
    """``--option`` texts as values of the right type, per verb; one that both have goes to both.

    Raises:
        NotSupportedError: for an unknown option, with near names, and a value out of range.
    """
    verbs = tuple(verbs)
    known = [info for info in tok.options if info.verb in verbs]
    found: Options = {verb: {} for verb in verbs}
    for key, text in given:
        matching = [info for info in known if info.name == key]
        if not matching:
            names = sorted({info.name for info in known})
            near = difflib.get_close_matches(key, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(names) or 'none'}"
            raise NotSupportedError(f"{tok.name} {'/'.join(verbs)} has no option {key!r}; {hint}")
        for info in matching:
            found[info.verb][key] = info.check(_value(info, text))
    return found


def _value(info: OptionInfo, text: str) -> object:
    if info.default is None and text.lower() == "none":
        return None
    if info.kind is Tokens:
        return Tokens.load(text)
    try:
        if info.kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return info.kind(text)
    except (KeyError, ValueError):
        expected = "true or false" if info.kind is bool else info.expected
        raise NotSupportedError(f"{info.verb}: {info.name}={text}; expected {expected}") from None
