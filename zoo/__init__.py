"""tokenizer zoo: every visual and audio tokenizer behind the same two verbs.

>>> import zoo
>>> tok = zoo.load("flextok-tiny")
>>> tokens = tok.encode("cat.jpg")
>>> tok.decode(tokens.prefix(16)).save("cat16.png")

Names are resolved on first use, so that ``import zoo`` loads neither torch nor any model.
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING

from .version import __version__

_root = _Path(__file__).parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "models" / "layers").is_dir():
    __path__.append(str(_root))  # a checkout: zoo.models, zoo.eval ... lie beside this folder

_HOMES = {
    "load": "zoo.loading",
    "list_models": "zoo.registry",
    "card": "zoo.registry",
    "read": "zoo.media",
    "Media": "zoo.media",
    "Tokenizer": "zoo.tokenizer",
    "Tokens": "zoo.tokens",
    "Card": "zoo.cards",
    "TokenSpec": "zoo.tokens",
    "TokenDataset": "zoo.bulk.dataset",
    "ZooError": "zoo.errors",
}

if TYPE_CHECKING:
    from .bulk.dataset import TokenDataset
    from .cards import Card
    from .errors import ZooError
    from .loading import load
    from .media import Media, read
    from .registry import card, list_models
    from .tokenizer import Tokenizer
    from .tokens import Tokens, TokenSpec

__all__ = [
    "Card",
    "Media",
    "TokenDataset",
    "TokenSpec",
    "Tokenizer",
    "Tokens",
    "ZooError",
    "__version__",
    "card",
    "list_models",
    "load",
    "read",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(_import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
