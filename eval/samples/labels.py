"""The class of a sample: from its folder, from a tar's ``.cls`` member, or from its id."""

import re
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from zoo.errors import MediaError

from .listing import Sample


def labels_of(samples: Sequence[Sample], pattern: str | None = None) -> list[str]:
    """A class name per sample.

    ``pattern``, a regular expression whose first group (or whole match) in the id is the class;
    without it, of a tar's member KEY.jpg what KEY.cls holds, and of a file its folder's name.

    Raises:
        MediaError: for a sample without a class, and where there is only one class.
    """
    members: dict[Path, dict[str, str]] = {}
    found = []
    for sample in samples:
        if pattern is not None:
            found.append(_by_pattern(sample, pattern))
        elif sample.entry.member:
            path = sample.entry.path
            if path not in members:
                members[path] = _cls_members(path)
            found.append(_by_member(sample, members[path]))
        else:
            found.append(sample.entry.path.parent.name)
    if len(set(found)) < 2:
        raise MediaError(
            f"all {len(samples)} samples are of class {found[0]!r}; classes come from folders, a "
            "tar's .cls members or --label REGEX, and --limit takes the first ones without --shuffle"
        )
    return found


def _by_pattern(sample: Sample, pattern: str) -> str:
    match = re.search(pattern, sample.id)
    if match is None:
        raise MediaError(f"{sample.id}: --label {pattern!r} finds no class in it")
    return match.group(1 if match.re.groups else 0)


def _by_member(sample: Sample, classes: dict[str, str]) -> str:
    key = _key(sample.entry.member)
    if key not in classes:
        raise MediaError(f"{sample.id}: the tar has no member {key}.cls with its class")
    return classes[key]


def _cls_members(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        return {
            _key(info.name): content.read().decode("utf-8", "replace").strip()
            for info in archive
            if info.name.endswith(".cls") and (content := archive.extractfile(info)) is not None
        }


def _key(member: str) -> str:
    """WebDataset's: the member's name up to the first dot of its last part."""
    path = PurePosixPath(member)
    return str(path.with_name(path.name.partition(".")[0]))
