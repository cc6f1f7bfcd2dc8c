"""Writing a batch of media: which item goes to which file, and that each appears whole."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import atomic_write
from ..errors import MediaError
from .kinds import handler

if TYPE_CHECKING:
    from .media import Media


def save(media: "Media", path: str) -> list[Path]:
    """Write every item of ``media``; see ``Media.save``."""
    write = handler(media.modality).write
    targets = _targets(media, path)
    for index, (one, target) in enumerate(zip(media, targets, strict=True)):
        try:
            if not target.parent.is_dir():
                raise MediaError(f"there is no folder {target.parent}")
            with atomic_write(target) as temporary:
                write(one, temporary)
        except (MediaError, OSError) as error:
            which = f"item {index + 1} of {len(media)}: " if len(media) > 1 else ""
            reason = getattr(error, "strerror", None) or error  # without the temporary name
            raise MediaError(f"{which}cannot write {target}: {reason}") from error
    return targets


def _targets(media: "Media", name: str) -> list[Path]:
    path = Path(name)
    count = len(media)
    suffixes = handler(media.modality).suffixes()
    if path.is_dir() or name.endswith(("/", os.sep)) or not (path.suffix or "{" in name):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MediaError(f"cannot make the folder {path}: {error.strerror}") from error
        return [path / f"{index:04}{suffixes[0]}" for index in range(count)]
    if path.suffix.lower() not in suffixes:
        raise MediaError(
            f"cannot write {path}: {path.suffix or 'no suffix'} names no {media.modality} format; "
            f"expected {', '.join(suffixes)} (or a folder: '{name}/')"
        )
    if "{" not in name and count == 1:
        return [path]
    try:
        paths = [Path(name.format(index)) for index in range(count)]
    except (AttributeError, IndexError, KeyError, ValueError) as error:
        raise MediaError(f"{name!r} is no pattern; expected one such as out/{{:03}}.png") from error
    if len(set(paths)) < count or not count:
        raise MediaError(
            f"{path} is one file and this batch has {count} items; save to a folder ('out/'), to "
            "a pattern ('out/{:03}.png'), or take one item: media[i].save(...)"
        )
    return paths
