"""Where packages are and what they announce, without importing them."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path


def package_folders(package: str) -> list[Path]:
    """The folders of a package, without importing it; none if it does not exist."""
    spec = find_spec(package)
    return [Path(place) for place in spec.submodule_search_locations or ()] if spec else []


@cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, of all installed packages."""
    return tuple(entry_points(group=group))
