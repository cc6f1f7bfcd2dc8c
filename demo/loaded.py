"""Tokenizers that are loaded, shared by all users; tokens never are."""

import os
from collections import OrderedDict
from threading import Lock

import zoo
from zoo.errors import UnknownTokenizerError
from zoo.tokenizer import Tokenizer

KEPT = 4  # that stay in memory; the one unused the longest goes first
DEVICE = "ZOO_DEVICE"  # environment variable: "cuda" on a machine that has one

_loaded: "OrderedDict[str, Tokenizer]" = OrderedDict()
_loading: dict[str, Lock] = {}
_lock = Lock()


def tokenizer(name: str) -> Tokenizer:
    """The tokenizer, loaded now if it is not; calls of it are re-entrant.

    Who waits for a download holds up nobody who wants another tokenizer.

    Raises:
        UnknownTokenizerError: for what is not in the list: no path and no Hub address is taken.
        CheckpointUnavailableError: where the Hub cannot be reached; it names what would work.
    """
    if name not in zoo.list_models():
        raise UnknownTokenizerError(f"{name!r} is not one of this page's models")
    with _lock:
        own = _loading.setdefault(name, Lock())
    with own:
        found = _loaded.get(name) or zoo.load(name, device=os.environ.get(DEVICE, "cpu"))
        with _lock:
            _loaded[name] = found
            _loaded.move_to_end(name)
            while len(_loaded) > KEPT:
                _loaded.popitem(last=False)
    return found
