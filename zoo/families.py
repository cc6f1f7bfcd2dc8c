"""Family names -> the code that runs them; nothing else in the core reaches a family."""

from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import CardError
from .packages import installed, package_folders

if TYPE_CHECKING:
    from .tokenizer import Tokenizer


def family_module(family: str) -> ModuleType:
    """The package of a family: ``zoo.models.<family>`` or an installed ``zoo.families`` one.

    Raises:
        CardError: for a family that does not exist, with near names, or that exists twice.
    """
    foreign = [entry for entry in installed("zoo.families") if entry.name == family]
    own = (
        find_spec(f"zoo.models.{family}") if family.isidentifier() and family != "layers" else None
    )
    homes = [entry.module for entry in foreign] + ([f"zoo.models.{family}"] if own else [])
    if len(homes) > 1:
        raise CardError(f"family {family!r} is claimed by {' and '.join(homes)}; uninstall one")
    if not homes:
        known = known_families()
        near = get_close_matches(family, known, 2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise CardError(f"there is no family {family!r}; {hint}")
    return import_module(homes[0])


def family_class(family: str) -> "type[Tokenizer]":
    """The family's tokenizer: the one public Tokenizer subclass of its ``tokenizer`` module.

    Raises:
        CardError: if the family does not exist or its module defines none or several.
    """
    from .tokenizer import Tokenizer

    home = f"{family_module(family).__name__}.tokenizer"
    module = import_module(home)
    found = [
        value
        for name, value in vars(module).items()
        if isclass(value)
        and issubclass(value, Tokenizer)
        and value.__module__ == home
        and not name.startswith("_")
    ]
    if len(found) != 1:
        names = ", ".join(value.__name__ for value in found) or "none"
        raise CardError(f"{home} must define exactly one Tokenizer subclass; found {names}")
    return found[0]


def known_families() -> list[str]:
    """Names of all families, ours and those of other packages."""
    places = [str(place) for place in package_folders("zoo.models")]
    own = {module.name for module in iter_modules(places) if module.ispkg} - {"layers"}
    return sorted(own | {entry.name for entry in installed("zoo.families")})
