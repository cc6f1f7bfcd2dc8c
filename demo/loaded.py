"""Tokenizers that are loaded, shared by all users; tokens never are."""

import os
from collections import OrderedDict
from threading import Lock

import zoo
from zoo.tokenizer import Tokenizer

KEPT = 4  # that stay in memory; the one unused the longest goes first
DEVICE = "ZOO_DEVICE"  # environment variable: "cuda" on a machine that has one

_loaded: "OrderedDict[str, Tokenizer]" = OrderedDict()
_lock = Lock()


def tokenizer(name: str) -> Tokenizer:
    """The tokenizer, loaded now if it is not; calls of it are re-entrant.

    Raises:
        UnknownTokenizerError: for what is not in the list: no path and no Hub address is taken.
        CheckpointUnavailableError: where the Hub cannot be reached; it names what would work.
    """
    with _lock:
        if name not in _loaded:
            if name not in zoo.list_models():
                raise zoo.errors.UnknownTokenizerError(f"{name!r} is not one of this page's models")
            _loaded[name] = zoo.load(name, device=os.environ.get(DEVICE, "cpu"))
            while len(_loaded) > KEPT:
                _loaded.popitem(last=False)
        _loaded.move_to_end(name)
        return _loaded[name]
