"""The class of a sample: from its folder, from a tar's ``.cls`` member, or from its id."""

import re
from collections.abc import Sequence

from zoo.errors import MediaError
from zoo.media.labels import classes_of

from .listing import Sample


def labels_of(samples: Sequence[Sample], pattern: str | None = None) -> list[str]:
    """A class name per sample.

    ``pattern``, a regular expression whose first group (or whole match) in the id is the class;
    without it, of a tar's member KEY.jpg what KEY.cls holds, and of a file its folder's name.

    Raises:
        MediaError: for a sample without a class, and where there is only one class.
    """
    if pattern is None:
        found = classes_of(sample.entry for sample in samples)
    else:
        found = [_by_pattern(sample, pattern) for sample in samples]
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
